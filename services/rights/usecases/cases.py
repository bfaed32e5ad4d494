"""Cases: opened by people or by rule, answered by a deadline, closed for a stated outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from services.rights import commands
from services.rights.domain.cases import (
    ANSWER_WORKING_DAYS,
    Case,
    CaseState,
    Category,
    Severity,
    Via,
    answer_hours,
    is_blocking,
    require_answerable,
    require_closable,
)
from services.rights.domain.errors import CaseNotFound, EnterpriseMissing, PlacementNotFound
from services.rights.domain.ledgers import Ledger
from services.rights.queries import cases, ledgers, shortfalls
from services.rights.settings import policy
from services.rights.usecases.event_fields import case_codes
from services.rights.views import cases as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.events import Event
from shared.paging import page
from shared.principals import Role, require_county, require_party
from shared.reference import working_days_after
from shared.values import PROGRAMME_ZONE, CaseId, EnterpriseId, Period, PlacementId, new_id

BATCH = 500  # cases per sweep


async def open_case(tx: Tx, command: commands.OpenCase) -> views.Case:
    """Take a complaint. Raises PlacementNotFound, EnterpriseMissing, Forbidden."""
    ledger = None
    if command.placement is not None:
        ledger = await ledgers.get(tx, command.placement)
        if ledger is None:
            raise PlacementNotFound(field="placement")
        require_county(tx.principal, ledger.county)
    enterprise = ledger.enterprise if ledger else command.enterprise
    if enterprise is None:
        raise EnterpriseMissing(field="enterprise")
    case = _case(
        tx,
        enterprise=enterprise,
        placement=command.placement,
        category=command.category,
        severity=command.severity,
        via=command.via,
        text=command.text,
        hidden=command.hidden,
    )
    await cases.insert(tx, case)
    publish_and_audit(tx, _opened(case, ledger))
    return views.Case.from_case(case, tx.clock.now())


async def answer_case(tx: Tx, case_id: CaseId, command: commands.AnswerCase) -> views.Case:
    """The first answer. Raises CaseNotFound, CaseNotOpen, AlreadyAnswered, Forbidden."""
    case, ledger = await _lock(tx, case_id)
    require_answerable(case)
    await cases.update_answered(tx, case_id, command.text)
    answered = events.CaseAnswered(opened_on=_day(case.opened_at), **case_codes(case, ledger, tx.clock.today()))
    publish_and_audit(tx, *await _missed(tx, case, ledger), answered)
    return views.Case.from_case(replace(case, answered_at=tx.clock.now(), version=case.version + 1), tx.clock.now())


async def close_case(tx: Tx, case_id: CaseId, command: commands.CloseCase) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, SilenceTooShort, Forbidden."""
    case, ledger = await _lock(tx, case_id)
    require_closable(case, command.outcome, tx.clock.now(), policy().rights_silence_days)
    await cases.update_closed(tx, case_id, command.outcome)
    codes = case_codes(case, ledger, tx.clock.today())
    closed = events.CaseClosed(outcome=command.outcome, opened_on=_day(case.opened_at), **codes)
    publish_and_audit(tx, *await _missed(tx, case, ledger), closed)
    after = replace(case, state=CaseState.CLOSED, outcome=command.outcome, closed_at=tx.clock.now(), version=case.version + 1)
    return views.Case.from_case(after, tx.clock.now())


async def _lock(tx: Tx, case_id: CaseId) -> tuple[Case, Ledger | None]:
    """Locked, in scope. Raises CaseNotFound, Forbidden."""
    case = await cases.lock(tx, case_id)
    if case is None:
        raise CaseNotFound
    ledger = await ledgers.get(tx, case.placement) if case.placement else None
    if ledger is not None:
        require_county(tx.principal, ledger.county)
    return case, ledger


# --- deadlines --------------------------------------------------------------------------------------------------------
async def find_unanswered(tx: Tx) -> int:
    """Publish which first answers did not come in time: one bounded batch. Returns how many."""
    late = await cases.lock_unanswered(tx, tx.clock.now(), BATCH)
    if late:
        known = await ledgers.list_(tx, [case.placement for case in late if case.placement])
        await cases.update_missed(tx, [case.case for case in late])
        publish_and_audit(tx, *(_deadline_missed(case, known.get(case.placement) if case.placement else None) for case in late))
    return len(late)


async def _missed(tx: Tx, case: Case, ledger: Ledger | None) -> list[Event]:
    """That the first answer is late, where no sweep has published it before."""
    if case.missed or case.answered_at is not None or tx.clock.now() <= case.due_at:
        return []
    await cases.update_missed(tx, [case.case])
    return [_deadline_missed(case, ledger)]


def _deadline_missed(case: Case, ledger: Ledger | None) -> Event:
    return events.CaseDeadlineMissed(due_at=case.due_at, **case_codes(case, ledger, _day(case.due_at)))


# --- opened by rule ---------------------------------------------------------------------------------------------------
async def open_conflict(tx: Tx, ledger: Ledger, period: Period) -> None:
    """Two sources report different wages: somebody must look."""
    case = _case(
        tx,
        enterprise=ledger.enterprise,
        placement=ledger.placement,
        category="wages",
        severity="normal",
        via="rule",
        text=f"two sources disagree about {period}",
    )
    await cases.insert(tx, case)
    publish_and_audit(tx, _opened(case, ledger))


async def group(tx: Tx, enterprise: EnterpriseId, period: Period) -> None:
    """Three or more (p) workers of one enterprise short in one month: one collective case, which blocks clearances."""
    members = await shortfalls.lock_short(tx, enterprise, period)
    if len(members) < policy().rights_collective_from:
        return
    changes: list[Event] = []
    case = await cases.get_collective(tx, enterprise, period)
    if case is None:
        text = f"{len(members)} workers short of their wage of {period}"
        case = _case(tx, enterprise=enterprise, period=period, category="wages", severity="high", via="rule", text=text)
        await cases.insert(tx, case)
        changes.append(_opened(case, None))
    grouped = events.CasesGrouped(members=tuple(members), **case_codes(case, None, tx.clock.today()))
    publish_and_audit(tx, *changes, grouped)


def _case(
    tx: Tx,
    *,
    enterprise: EnterpriseId,
    category: Category,
    severity: Severity,
    via: Via,
    text: str,
    placement: PlacementId | None = None,
    period: Period | None = None,
    hidden: bool = False,
) -> Case:
    """`period`: the month of a collective case."""
    now = tx.clock.now()
    return Case(
        case=CaseId(new_id()),
        category=category,
        severity=severity,
        via=via,
        enterprise=enterprise,
        placement=placement,
        period=period,
        text=text,
        hidden=hidden,
        blocking=is_blocking(severity, collective=period is not None),
        opened_at=now,
        due_at=_due(now, category, severity),
    )


def _due(now: datetime, category: Category, severity: Severity) -> datetime:
    """When the first answer is due: hours run through nights, working days end with the day."""
    hours = answer_hours(category, severity)
    if hours is not None:
        return now + timedelta(hours=hours)
    return datetime.combine(working_days_after(_day(now), ANSWER_WORKING_DAYS), time(23, 59, 59), PROGRAMME_ZONE)


def _day(moment: datetime) -> date:
    return moment.astimezone(PROGRAMME_ZONE).date()


def _opened(case: Case, ledger: Ledger | None) -> Event:
    codes = case_codes(case, ledger, _day(case.opened_at))
    return events.CaseOpened(severity=case.severity, via=case.via, due_at=case.due_at, **codes)


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_case(tx: Tx, case_id: CaseId) -> views.Case:
    """Raises CaseNotFound, Forbidden."""
    return _as_seen(tx, await _get(tx, case_id))


async def list_cases(tx: Tx, state: CaseState | None, after: CaseId | None, limit: int) -> views.Cases:
    """Cases by age, of the caller's counties; an enterprise sees its own, and never who complained where that is hidden."""
    is_enterprise = tx.principal.role is Role.ENTERPRISE
    found = await cases.list_(
        tx,
        state=state,
        enterprise=(tx.principal.party or "") if is_enterprise else None,
        counties=None if is_enterprise else tx.principal.county_prefixes(),
        after=after,
        limit=limit + 1,
    )
    items, following = page(found, limit, lambda case: case.case)
    return views.Cases(items=tuple(_as_seen(tx, case) for case in items), next=following)


async def case_history(tx: Tx, case_id: CaseId, after: int, limit: int) -> History:
    """Raises CaseNotFound, Forbidden."""
    await _get(tx, case_id)
    return await changes_of(tx, case_id, after, limit)


async def _get(tx: Tx, case_id: CaseId) -> Case:
    """In scope. Raises CaseNotFound, Forbidden."""
    case = await cases.get(tx, case_id)
    if case is None:
        raise CaseNotFound
    require_party(tx.principal, case.enterprise)
    ledger = await ledgers.get(tx, case.placement) if case.placement else None
    if ledger is not None and tx.principal.role is not Role.ENTERPRISE:
        require_county(tx.principal, ledger.county)
    return case


def _as_seen(tx: Tx, case: Case) -> views.Case:
    return views.Case.from_case(case, tx.clock.now(), anonymous=case.hidden and tx.principal.role is Role.ENTERPRISE)
