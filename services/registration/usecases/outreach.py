"""How many people an announcement reached: recorded by county, channel and day, corrected, voided."""

from __future__ import annotations

from dataclasses import replace

from services.registration.commands import CorrectOutreach, RecordOutreach, VoidOutreach
from services.registration.domain.announcements import Outreach, OutreachState, Step, require_made, state_after
from services.registration.domain.errors import NothingToCorrect, OutreachNotFound
from services.registration.domain.workers import effective_day
from services.registration.queries import outreach as stored
from services.registration.usecases import announcements
from services.registration.views import outreach as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.paging import Page, page
from shared.principals import require_county
from shared.values import AnnouncementId, CountyCode, OutreachId, new_id


# --- commands ---------------------------------------------------------------------------------------------------------
async def record_outreach(tx: Tx, announcement: AnnouncementId, command: RecordOutreach) -> views.Outreach:
    """Raises AnnouncementNotFound, CountyNotCovered, ChannelNotUsed, InFuture, BeforeThePublication, Forbidden."""
    made = await announcements.get(tx, announcement)
    one = Outreach(
        outreach=OutreachId(new_id()),
        announcement=announcement,
        version=1,
        state=OutreachState.RECORDED,
        reason=None,
        county=reference.current_code(command.county),
        channel=command.channel,
        reached=command.reached,
        on=effective_day(command.on, tx.clock.today(), field="on"),
        recorded_by=str(tx.principal),
        recorded_at=tx.clock.now(),
    )
    require_county(tx.principal, one.county)
    require_made(made, one.county, one.channel, one.on)
    await stored.insert_version(tx, one)
    publish_and_audit(tx, events.OutreachRecorded(outreach=one.outreach, fact=_fact(one)))
    return views.Outreach.model_validate(one)


async def correct_outreach(tx: Tx, outreach: OutreachId, command: CorrectOutreach) -> views.Outreach:
    """What is given replaces what was recorded.

    Raises OutreachNotFound, OutreachAlreadyVoided, NothingToCorrect, CountyNotCovered, ChannelNotUsed, InFuture, BeforeThePublication,
    VersionConflict, Forbidden (also for the county corrected to).
    """
    old = await _lock(tx, outreach, command.version)
    state = state_after(old.state, Step.CORRECT)
    new = replace(
        old,
        county=reference.current_code(command.county or old.county),
        channel=command.channel or old.channel,
        reached=old.reached if command.reached is None else command.reached,
        on=effective_day(command.on or old.on, tx.clock.today(), field="on"),
    )
    if new == old:
        raise NothingToCorrect
    require_county(tx.principal, new.county)
    require_made(await announcements.get(tx, old.announcement), new.county, new.channel, new.on)
    new = replace(_next_version(tx, new), state=state, reason=command.reason)
    await stored.insert_version(tx, new)
    publish_and_audit(tx, events.OutreachCorrected(outreach=outreach, previous=_fact(old), fact=_fact(new), reason=command.reason))
    return views.Outreach.model_validate(new)


async def void_outreach(tx: Tx, outreach: OutreachId, command: VoidOutreach) -> views.Outreach:
    """It stays on record and counts nowhere. Raises OutreachNotFound, OutreachAlreadyVoided, VersionConflict, Forbidden."""
    old = await _lock(tx, outreach, command.version)
    voided = replace(_next_version(tx, old), state=state_after(old.state, Step.VOID), reason=command.reason)
    await stored.insert_version(tx, voided)
    publish_and_audit(tx, events.OutreachVoided(outreach=outreach, previous=_fact(old), reason=command.reason))
    return views.Outreach.model_validate(voided)


def _next_version(tx: Tx, one: Outreach) -> Outreach:
    return replace(one, version=one.version + 1, recorded_by=str(tx.principal), recorded_at=tx.clock.now())


def _fact(one: Outreach) -> events.OutreachFact:
    return events.OutreachFact(
        announcement=one.announcement,
        origin=reference.origin(one.county, one.on),
        outreach_channel=one.channel,
        reached=one.reached,
        on=one.on,
    )


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_outreach(tx: Tx, outreach: OutreachId) -> views.Outreach:
    """As it stands. Raises OutreachNotFound, Forbidden."""
    return views.Outreach.model_validate(_visible(tx, await stored.get(tx, outreach)))


async def list_outreach(tx: Tx, page: Page, announcement: AnnouncementId, county: CountyCode | None) -> views.Outreaches:
    """Of an announcement, in the principal's regions. Raises AnnouncementNotFound, Forbidden."""
    await announcements.get(tx, announcement)
    items, following = await stored.list_of_announcement(tx, page, announcement, county)
    return views.Outreaches(items=tuple(map(views.Outreach.model_validate, items)), next=following)


async def list_versions(tx: Tx, outreach: OutreachId, after: int, limit: int) -> views.OutreachVersions:
    """Every version as it was recorded. Raises OutreachNotFound, Forbidden."""
    _visible(tx, await stored.get(tx, outreach))
    found = await stored.list_versions(tx, outreach, after=after, limit=limit + 1)
    items, following = page(found, limit, lambda one: one.version)
    return views.OutreachVersions(items=tuple(map(views.Outreach.model_validate, items)), next=following)


async def history(tx: Tx, outreach: OutreachId, after: int, limit: int) -> History:
    """Raises OutreachNotFound, Forbidden."""
    _visible(tx, await stored.get(tx, outreach))
    return await changes_of(tx, outreach, after, limit)


async def _lock(tx: Tx, outreach: OutreachId, version: int | None) -> Outreach:
    """Raises OutreachNotFound, VersionConflict, Forbidden."""
    one = _visible(tx, await stored.lock(tx, outreach))
    require_version(version, one.version)
    return one


def _visible(tx: Tx, one: Outreach | None) -> Outreach:
    if one is None:
        raise OutreachNotFound
    require_county(tx.principal, one.county)
    return one
