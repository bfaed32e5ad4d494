"""Cases: opened by people or by rule, answered by a clock, closed for a stated outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from services.rights import commands, domain, queries, views
from services.rights.domain import CaseState
from services.rights.queries import Case, Ledger
from services.rights.settings import rules
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.events import Event
from shared.principals import Role, require_county, require_party
from shared.reference import working_days_after
from shared.values import PROGRAMME_ZONE, CaseId, EnterpriseId, Period, new_id

SWEEP = 500  # cases per sweep


async def open_case(tx: Tx, command: commands.OpenCase) -> views.Case:
    """Take a complaint. Raises PlacementNotFound, Forbidden."""
    ledger = None
    if command.placement is not None:
        ledger = await queries.ledger(tx, command.placement)
        if ledger is None:
            raise domain.PlacementNotFound(field="placement")
        require_county(tx.principal, ledger.origin.county)
    enterprise = ledger.enterprise if ledger else command.enterprise
    if enterprise is None:
        raise domain.EnterpriseMissing(field="enterprise")
    case = _case(tx, enterprise, command.category, command.severity, command.via, command.text, hidden=command.hidden, collective_of=None)
    case = replace(case, placement=command.placement)
    await queries.insert_case(tx, case)
    publish_and_audit(tx, _opened(case, ledger))
    return views.Case.of(case, tx.clock.now())


async def answer_case(tx: Tx, case_id: CaseId, command: commands.AnswerCase) -> views.Case:
    """The first answer. Raises CaseNotFound, CaseNotOpen, AlreadyAnswered, Forbidden."""
    case, ledger = await _held(tx, case_id)
    if case.state is not CaseState.OPEN:
        raise domain.CaseNotOpen(state=case.state.value)
    if case.answered_at is not None:
        raise domain.AlreadyAnswered(state=case.answered_at.isoformat())
    await queries.answer_case(tx, case_id, command.text)
    about = {**_codes(case, ledger), "effective": tx.clock.today(), "opened_on": _day(case.opened_at)}
    publish_and_audit(tx, *await _missed(tx, case, ledger), events.CaseAnswered.model_validate(about))
    return views.Case.of(replace(case, answered_at=tx.clock.now(), version=case.version + 1), tx.clock.now())


async def close_case(tx: Tx, case_id: CaseId, command: commands.CloseCase) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, SilenceTooShort, Forbidden."""
    case, ledger = await _held(tx, case_id)
    domain.require_closable(case.state, command.outcome, case.opened_at, tx.clock.now(), rules())
    await queries.close_case(tx, case_id, command.outcome)
    about = {**_codes(case, ledger), "effective": tx.clock.today(), "outcome": command.outcome, "opened_on": _day(case.opened_at)}
    publish_and_audit(tx, *await _missed(tx, case, ledger), events.CaseClosed.model_validate(about))
    closed = replace(case, state=CaseState.CLOSED, outcome=command.outcome, closed_at=tx.clock.now(), version=case.version + 1)
    return views.Case.of(closed, tx.clock.now())


async def _held(tx: Tx, case_id: CaseId) -> tuple[Case, Ledger | None]:
    """Locked, in scope. Raises CaseNotFound, Forbidden."""
    case = await queries.lock_case(tx, case_id)
    if case is None:
        raise domain.CaseNotFound
    ledger = await queries.ledger(tx, case.placement) if case.placement else None
    if ledger is not None:
        require_county(tx.principal, ledger.origin.county)
    return case, ledger


async def sweep(tx: Tx) -> int:
    """Tell of first answers that did not come in time: one bounded batch. Returns of how many."""
    late = await queries.lock_unanswered(tx, tx.clock.now(), SWEEP)
    if late:
        ledgers = await queries.ledgers(tx, [case.placement for case in late if case.placement])
        await queries.set_missed(tx, [case.case for case in late])
        publish_and_audit(tx, *(_deadline_missed(case, ledgers.get(case.placement) if case.placement else None) for case in late))
    return len(late)


async def _missed(tx: Tx, case: Case, ledger: Ledger | None) -> list[Event]:
    """That the first answer is late, where no sweep came to tell it before."""
    if case.missed or case.answered_at is not None or tx.clock.now() <= case.due_at:
        return []
    await queries.set_missed(tx, [case.case])
    return [_deadline_missed(case, ledger)]


def _deadline_missed(case: Case, ledger: Ledger | None) -> Event:
    about = {**_codes(case, ledger), "effective": _day(case.due_at), "due_at": case.due_at}
    return events.CaseDeadlineMissed.model_validate(about)


async def open_conflict(tx: Tx, ledger: Ledger, period: Period) -> None:
    """Two sources tell different wages: somebody must look."""
    text = f"two sources disagree about {period}"
    case = _case(tx, ledger.enterprise, "wages", "normal", "rule", text, hidden=False, collective_of=None)
    case = replace(case, placement=ledger.placement)
    await queries.insert_case(tx, case)
    publish_and_audit(tx, _opened(case, ledger))


async def group(tx: Tx, enterprise: EnterpriseId, period: Period) -> None:
    """Three or more (p) workers of one enterprise short in one month: one collective case, which blocks clearances."""
    members = await queries.short_of(tx, enterprise, period)
    if len(members) < rules().collective_from:
        return
    changes: list[Event] = []
    case = await queries.collective_case(tx, enterprise, period)
    if case is None:
        text = f"{len(members)} workers short of their wage of {period}"
        case = _case(tx, enterprise, "wages", "high", "rule", text, hidden=False, collective_of=period)
        await queries.insert_case(tx, case)
        changes.append(_opened(case, None))
    about = {**_codes(case, None), "effective": tx.clock.today(), "members": tuple(members)}
    publish_and_audit(tx, *changes, events.CasesGrouped.model_validate(about))


def _case(
    tx: Tx,
    enterprise: EnterpriseId,
    category: domain.Category,
    severity: domain.Severity,
    via: str,
    text: str,
    *,
    hidden: bool,
    collective_of: Period | None,
) -> Case:
    now = tx.clock.now()
    return Case(
        CaseId(new_id()),
        category,
        severity,
        via,
        enterprise,
        None,
        collective_of,
        text,
        hidden,
        domain.is_blocking(severity, collective=collective_of is not None),
        now,
        _due(now, category, severity),
        None,
        False,
        CaseState.OPEN,
        None,
        None,
        1,
    )


def _due(now: datetime, category: domain.Category, severity: domain.Severity) -> datetime:
    """When the first answer is due: hours run through nights, working days end with the day."""
    hours = domain.answer_hours(category, severity)
    if hours is not None:
        return now + timedelta(hours=hours)
    day = working_days_after(now.astimezone(PROGRAMME_ZONE).date(), domain.ANSWER_WORKING_DAYS)
    return datetime.combine(day, time(23, 59, 59), PROGRAMME_ZONE)


def _day(moment: datetime) -> date:
    return moment.astimezone(PROGRAMME_ZONE).date()


def _codes(case: Case, ledger: Ledger | None) -> dict[str, object]:
    return {
        "case": case.case,
        "category": case.category,
        "enterprise": case.enterprise,
        "placement": case.placement,
        "origin": ledger.origin if ledger else None,
        "destination": ledger.destination if ledger else None,
        "blocking": case.blocking,
    }


def _opened(case: Case, ledger: Ledger | None) -> Event:
    about = {**_codes(case, ledger), "effective": _day(case.opened_at), "severity": case.severity, "via": case.via, "due_at": case.due_at}
    return events.CaseOpened.model_validate(about)


# --- looking ---------------------------------------------------------------------------------------------------------
async def show_case(tx: Tx, case_id: CaseId) -> views.Case:
    """Raises CaseNotFound, Forbidden."""
    return _as_seen(tx, await _visible(tx, case_id))


async def board(tx: Tx, state: CaseState | None, after: UUID | None, limit: int) -> views.Cases:
    """Cases by age, of the caller's counties; an enterprise sees its own, and never who complained where that is hidden."""
    enterprise = tx.principal.role is Role.ENTERPRISE
    own = (tx.principal.party or "") if enterprise else None
    counties = None if enterprise else tx.principal.county_prefixes()
    rows = await queries.cases(tx, state.value if state else None, own, after, counties, limit + 1)
    items = tuple(_as_seen(tx, case) for case in rows[:limit])
    return views.Cases(items=items, next=items[-1].case if len(rows) > limit else None)


async def history(tx: Tx, case_id: CaseId, after: int, limit: int) -> History:
    """Raises CaseNotFound, Forbidden."""
    await _visible(tx, case_id)
    return await changes_of(tx, case_id, after, limit)


async def _visible(tx: Tx, case_id: CaseId) -> Case:
    case = await queries.case(tx, case_id)
    if case is None:
        raise domain.CaseNotFound
    require_party(tx.principal, case.enterprise)
    ledger = await queries.ledger(tx, case.placement) if case.placement else None
    if ledger is not None and tx.principal.role is not Role.ENTERPRISE:
        require_county(tx.principal, ledger.origin.county)
    return case


def _as_seen(tx: Tx, case: Case) -> views.Case:
    view = views.Case.of(case, tx.clock.now())
    if case.hidden and tx.principal.role is Role.ENTERPRISE:
        return view.model_copy(update={"placement": None, "text": "(hidden)"})
    return view
