"""Cases are opened by people and by rule, and handled where the enterprise has its seat."""

from __future__ import annotations

from dataclasses import dataclass

from services.rights import commands
from services.rights.domain.cases import Case, CaseOrigin, Category, Medium, Severity, Via, is_blocking, is_urgent
from services.rights.domain.errors import EnterpriseDiffers, EnterpriseMissing, PlacementNotFound
from services.rights.domain.ledgers import Ledger
from services.rights.queries import cases, collective_cases, enterprises, ledgers
from services.rights.usecases.case_clocks import first_answer_due, programme_day, step_due
from services.rights.usecases.event_fields import case_codes
from services.rights.usecases.scope import require_case
from services.rights.views import cases as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import EventEnvelope
from shared.values import CaseId, CountyCode, EnterpriseId, Period, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a case is opened with. `ledger` None: about the enterprise as a whole. `period`: the month of a collective case."""

    enterprise: EnterpriseId
    category: Category
    severity: Severity
    via: Via
    text: str
    medium: Medium | None = None
    ledger: Ledger | None = None
    period: Period | None = None
    hidden: bool = False


async def open_case(tx: Tx, opening: Opening) -> Case:
    """Open a case, for people or by rule: its clock runs from now, and CaseOpened is published."""
    now, ledger = tx.clock.now(), opening.ledger
    case = Case(
        case=CaseId(new_id()),
        category=opening.category,
        severity=opening.severity,
        via=opening.via,
        medium=opening.medium,
        enterprise=opening.enterprise,
        placement=ledger.placement if ledger else None,
        origin=_origin(ledger) if ledger else None,
        lead=await enterprises.get_seat(tx, opening.enterprise),
        period=opening.period,
        collective=await collective_cases.lock_joinable(tx, ledger.placement) if ledger and opening.category == "wages" else None,
        text=opening.text,
        hidden=opening.hidden,
        blocking=is_blocking(opening.severity, collective=opening.period is not None),
        opened_at=now,
        due_at=first_answer_due(now, opening.category, opening.severity),
        step_due=step_due(now, "handling", urgent=is_urgent(opening.category, opening.severity)),
    )
    await cases.insert(tx, case)
    codes = case_codes(case, programme_day(now))
    opened = events.CaseOpened(severity=case.severity, via=case.via, medium=case.medium, due_at=case.due_at, **codes)
    publish_and_audit(tx, opened, offices_in=(case.lead,))
    return case


def _origin(ledger: Ledger) -> CaseOrigin:
    return CaseOrigin(
        county=ledger.county,
        designation=ledger.designation,
        designation_version=ledger.designation_version,
        destination=ledger.destination,
    )


async def take_complaint(tx: Tx, command: commands.OpenCase) -> views.Case:
    """Somebody complains or reports; about an enterprise as a whole to any office, since its seat's may be far away.

    Raises PlacementNotFound, EnterpriseMissing, EnterpriseDiffers, Forbidden.
    """
    ledger = await _named_ledger(tx, command)
    enterprise = ledger.enterprise if ledger else command.enterprise
    if enterprise is None:
        raise EnterpriseMissing(field="enterprise")
    if command.enterprise not in (None, enterprise):
        raise EnterpriseDiffers(field="enterprise", state=str(enterprise))
    opening = Opening(
        enterprise=enterprise,
        category=command.category,
        severity=command.severity,
        via=command.via,
        medium=command.medium,
        ledger=ledger,
        text=command.text,
        hidden=command.hidden,
    )
    case = await open_case(tx, opening)
    if ledger is not None:
        require_case(tx.principal, case, [ledger.county])
    return views.Case.from_case(case, tx.clock.now()).without_text()


async def _named_ledger(tx: Tx, command: commands.OpenCase) -> Ledger | None:
    """Raises PlacementNotFound."""
    if command.placement is None:
        return None
    ledger = await ledgers.get(tx, command.placement)
    if ledger is None:
        raise PlacementNotFound(field="placement")
    return ledger


async def open_conflict(tx: Tx, ledger: Ledger, period: Period) -> None:
    """Two sources report different wages: somebody must look."""
    text = f"two sources disagree about {period}"
    opening = Opening(enterprise=ledger.enterprise, category="wages", severity="normal", via="rule", text=text, ledger=ledger)
    await open_case(tx, opening)


# --- where cases are handled ------------------------------------------------------------------------------------------
async def enter_seat(tx: Tx, event: EventEnvelope[events.EnterpriseQualified] | EventEnvelope[events.EnterpriseRenewed]) -> None:
    """The seat of the enterprise; where none was entered, the place in the number of its licence, if that is one."""
    place = CountyCode(f"{event.data.licence_no[2:6]}00")
    seat = event.data.seat or (place if reference.province_of(place) in reference.provinces() else None)
    if seat is not None:
        await enterprises.insert(tx, event.data.enterprise, seat)
