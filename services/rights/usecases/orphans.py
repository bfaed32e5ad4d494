"""The orphans queue: income of voided dispatches, worked off by officers, never deleted.

Income for a placement that is not known is refused when it is reported, so that no other income is without a dispatch.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.rights import commands
from services.rights.domain.errors import PlacementNotFound, ProvinceNotFound, ReportNotFound
from services.rights.domain.incomes import ReportState
from services.rights.domain.ledgers import Ledger
from services.rights.domain.orphans import AGE_BANDS, Orphan, handled_in, require_orphaned, require_reattachable
from services.rights.queries import incomes, ledgers, orphans
from services.rights.usecases.event_fields import codes
from services.rights.usecases.incomes import enter_reports
from services.rights.views import orphans as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.errors import require_version
from shared.paging import Page
from shared.principals import require_county
from shared.values import PlacementId, ReportId


async def reattach_orphan(tx: Tx, report: ReportId, command: commands.ReattachOrphan) -> views.Orphan:
    """Report it for another placement of the worker, where it is weighed like any report; one that is reported there is enough.

    Raises SamePlacement, OtherWorker, PlacementNotFound, those of enter_reports, and those of _load.
    """
    orphan, ledger, target = await _load(tx, report, command.version, command.placement)
    if target is None:
        raise PlacementNotFound(field="placement")
    require_reattachable(ledger, target)
    [outcome] = await enter_reports(tx, [(target.placement, orphan.paid)])
    if isinstance(outcome, Exception):
        raise outcome
    return await _resolve(
        tx, ledger, replace(orphan, state=ReportState.REATTACHED), to_placement=target.placement, to_report=outcome.report
    )


async def void_orphan(tx: Tx, report: ReportId, command: commands.VoidOrphan) -> views.Orphan:
    """There was no such payment, or it was paid back. Raises those of _load."""
    orphan, ledger, _ = await _load(tx, report, command.version)
    return await _resolve(tx, ledger, replace(orphan, state=ReportState.VOIDED), cause=command.cause)


async def forward_orphan(tx: Tx, report: ReportId, command: commands.ForwardOrphan) -> views.Orphan:
    """Officers of another province work it off from now on. Raises ProvinceNotFound, and those of _load."""
    orphan, ledger, _ = await _load(tx, report, command.version)
    if command.province not in reference.provinces():
        raise ProvinceNotFound(field="province")
    return await _resolve(tx, ledger, replace(orphan, region=command.province), to_province=command.province)


async def _load(tx: Tx, report: ReportId, version: int | None, target: PlacementId | None = None) -> tuple[Orphan, Ledger, Ledger | None]:
    """Locked after the ledgers, in scope. Raises ReportNotFound, Forbidden, VersionConflict, NotOrphaned."""
    seen = await incomes.get(tx, report)
    if seen is None:
        raise ReportNotFound
    held = await ledgers.lock(tx, [seen.placement, *([target] if target else [])])
    orphan = await orphans.lock(tx, report)
    if orphan is None:
        require_county(tx.principal, held[seen.placement].county)
        raise ReportNotFound
    require_county(tx.principal, handled_in(orphan, held[seen.placement]))
    require_version(version, orphan.version)
    require_orphaned(orphan)
    return orphan, held[seen.placement], held.get(target) if target else None


async def _resolve(tx: Tx, ledger: Ledger, after: Orphan, **what: object) -> views.Orphan:
    """Write and publish what became of it."""
    await orphans.update(tx, after.report, after.state, after.region)
    outcome = {ReportState.REATTACHED: "reattached", ReportState.VOIDED: "voided", ReportState.ORPHANED: "forwarded"}[after.state]
    about = {"to_placement": None, "to_report": None, "to_province": None, "cause": None, **what}
    resolved = {"report": after.report, "outcome": outcome, **about, **codes(ledger, tx.clock.today())}
    publish_and_audit(tx, events.OrphanResolved.model_validate(resolved))
    return views.Orphan.from_orphan(replace(after, version=after.version + 1), ledger.terms, tx.clock.today())


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_orphans(tx: Tx, page: Page, older_than_days: int) -> views.Orphans:
    """What the caller's officers are to work off."""
    today = tx.clock.today()
    by = today - timedelta(days=older_than_days)
    items, following = await orphans.list_(tx, page, by=by, counties=tx.principal.county_prefixes())
    held = await ledgers.list_(tx, [orphan.placement for orphan in items])
    shown = tuple(views.Orphan.from_orphan(orphan, held[orphan.placement].terms, today) for orphan in items)
    return views.Orphans(items=shown, next=following)


async def show_ageing(tx: Tx) -> views.OrphanAgeing:
    """How long what the caller's officers are to work off has been waiting."""
    today = tx.clock.today()
    ages = {(today - day).days: reports for day, reports in (await orphans.list_ages(tx, tx.principal.county_prefixes())).items()}
    bands = tuple(
        views.Band(
            from_days=low,
            to_days=high,
            reports=sum(reports for age, reports in ages.items() if age >= low and (high is None or age <= high)),
        )
        for low, high in AGE_BANDS
    )
    return views.OrphanAgeing(reports=sum(ages.values()), oldest_days=max(ages, default=None), bands=bands)
