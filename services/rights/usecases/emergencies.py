"""Emergencies abroad: declared once for a country at a time, ended when everybody there is accounted for, or for a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from services.rights import commands
from services.rights.domain.emergencies import (
    Condition,
    Emergency,
    EmergencyState,
    require_all_accounted,
    require_open,
    require_since,
)
from services.rights.domain.errors import EmergencyIsOpen, EmergencyNotFound
from services.rights.queries import emergencies, roll_calls
from services.rights.usecases.roll_calls import announce
from services.rights.usecases.scope import enterprise_of, prefixes_of
from services.rights.views import emergencies as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.paging import Page
from shared.values import Destination, EmergencyId, EnterpriseId, new_id


async def declare_emergency(tx: Tx, command: commands.DeclareEmergency) -> views.Emergency:
    """Everybody abroad in the country is in its roll-call from now on. Raises DestinationNotFound, FutureDay, EmergencyIsOpen."""
    reference.require_destination(command.destination)
    require_since(command.since, tx.clock.today())
    await emergencies.lock_country(tx, command.destination)
    known = await emergencies.get_open(tx, command.destination)
    if known is not None:
        raise EmergencyIsOpen(field="destination", state={"emergency": str(known.emergency), "since": known.since.isoformat()})
    emergency = Emergency(
        emergency=EmergencyId(new_id()),
        destination=command.destination,
        region=command.region,
        kind=command.kind,
        grade=command.grade,
        since=command.since,
        authority=command.authority,
        text=command.text,
        declared_at=tx.clock.now(),
    )
    await emergencies.insert(tx, emergency)
    abroad = await roll_calls.insert_abroad(tx, emergency.emergency, emergency.destination)
    declared = events.EmergencyDeclared(
        emergency=emergency.emergency,
        destination=emergency.destination,
        grade=emergency.grade,
        effective=emergency.since,
        kind=emergency.kind,
        authority=emergency.authority,
        abroad=abroad,
    )
    publish_and_audit(tx, declared)
    await announce(tx, emergency.emergency)
    return views.Emergency.from_emergency(emergency)


async def end_emergency(tx: Tx, emergency_id: EmergencyId, command: commands.EndEmergency) -> views.Emergency:
    """Raises EmergencyNotFound, EmergencyHasEnded, WorkersUnaccounted, VersionConflict."""
    emergency = await emergencies.get(tx, emergency_id)
    if emergency is None:
        raise EmergencyNotFound
    await emergencies.lock_country(tx, emergency.destination)
    emergency = await emergencies.lock(tx, emergency_id) or emergency
    require_open(emergency)
    require_version(command.version, emergency.version)
    unaccounted = await roll_calls.get_unaccounted(tx, emergency_id)
    require_all_accounted(unaccounted, command.reason)
    await emergencies.update_ended(tx, emergency_id, command.reason)
    ended = events.EmergencyEnded(
        emergency=emergency_id,
        destination=emergency.destination,
        grade=emergency.grade,
        effective=tx.clock.today(),
        unaccounted=unaccounted,
    )
    publish_and_audit(tx, ended)
    return views.Emergency.from_emergency(await _get(tx, emergency_id))


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_emergency(tx: Tx, emergency: EmergencyId) -> views.Emergency:
    """Raises EmergencyNotFound."""
    return views.Emergency.from_emergency(await _get(tx, emergency))


async def list_emergencies(tx: Tx, page: Page, state: EmergencyState | None, destination: Destination | None) -> views.Emergencies:
    items, following = await emergencies.list_(tx, page, state=state, destination=destination)
    return views.Emergencies(items=tuple(map(views.Emergency.from_emergency, items)), next=following)


async def show_progress(tx: Tx, emergency_id: EmergencyId) -> views.Progress:
    """How many workers of the caller's counties, or of the enterprise, are accounted for. Raises EmergencyNotFound."""
    emergency = await _get(tx, emergency_id)
    counts = await roll_calls.list_headcounts(tx, emergency_id, enterprise=enterprise_of(tx.principal), counties=prefixes_of(tx.principal))
    by_enterprise: dict[EnterpriseId, Counter[Condition]] = {}
    by_province: dict[str, Counter[Condition]] = {}
    for one in counts:
        by_enterprise.setdefault(one.enterprise, Counter())[one.condition] += one.workers
        by_province.setdefault(reference.province_of(one.county), Counter())[one.condition] += one.workers
    return views.Progress(
        emergency=emergency.emergency,
        state=emergency.state,
        total=views.Counts.of(_total(by_enterprise.values())),
        by_enterprise=tuple(
            views.EnterpriseCounts(enterprise=name, counts=views.Counts.of(one)) for name, one in sorted(by_enterprise.items())
        ),
        by_province=tuple(views.ProvinceCounts(province=name, counts=views.Counts.of(one)) for name, one in sorted(by_province.items())),
    )


def _total(parts: Iterable[Counter[Condition]]) -> Counter[Condition]:
    total: Counter[Condition] = Counter()
    for part in parts:
        total += part
    return total


async def emergency_history(tx: Tx, emergency: EmergencyId, after: int, limit: int) -> History:
    """Raises EmergencyNotFound."""
    await _get(tx, emergency)
    return await changes_of(tx, emergency, after, limit)


async def _get(tx: Tx, emergency: EmergencyId) -> Emergency:
    """Raises EmergencyNotFound."""
    found = await emergencies.get(tx, emergency)
    if found is None:
        raise EmergencyNotFound
    return found
