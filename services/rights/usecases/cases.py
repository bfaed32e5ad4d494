"""The steps of a case: each under the lock of the case, by whoever may take it, which sets its clock again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.rights import commands
from services.rights.domain.case_files import Evidence, Statement
from services.rights.domain.cases import (
    LEVELS,
    WAITS_FOR,
    Case,
    CaseStep,
    EscalationCause,
    advance,
    answered,
    closed,
    escalated,
    is_blocking,
    paused,
    reopening_ground,
    state_after,
)
from services.rights.domain.errors import CaseNotFound, CollectiveOpen, EvidenceKnown
from services.rights.queries import case_files, cases, collective_cases
from services.rights.settings import policy
from services.rights.usecases import case_clocks
from services.rights.usecases.event_fields import CaseCodes, case_codes
from services.rights.usecases.scope import is_hidden, require_case, require_lead
from services.rights.views import cases as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.errors import require_version
from shared.events import Event
from shared.principals import Role
from shared.values import CaseId

BATCH = 500  # cases per sweep


async def lock_case(tx: Tx, case_id: CaseId, version: int | None = None, *, lead: bool = False) -> Case:
    """Locked, in scope. `lead`: the step is for the office that handles the case. Raises CaseNotFound, VersionConflict, Forbidden."""
    case = await cases.lock(tx, case_id)
    if case is None:
        raise CaseNotFound
    require_case(tx.principal, case, await cases.list_counties(tx, case))
    if lead:
        require_lead(tx.principal, case)
    require_version(version, case.version)
    return case


async def save(tx: Tx, case: Case, *changes: Event) -> views.Case:
    """Write what a step has come to, and publish it."""
    await cases.update(tx, case)
    publish_and_audit(tx, *changes, offices_in=(case.lead,))
    return views.Case.from_case(case, tx.clock.now(), anonymous=is_hidden(tx.principal, case)).without_text()


def codes_today(tx: Tx, case: Case) -> CaseCodes:
    return case_codes(case, tx.clock.today())


def next_step(tx: Tx, case: Case, step: CaseStep, **changes: object) -> Case:
    """The case after the step, and the time that what follows has; in the same state it may only become less.

    Raises CaseNotOpen, CaseIllegalStep, CaseIsPaused.
    """
    state = state_after(case.state, step)
    after = advance(case, step, **changes)
    due = case_clocks.step_due(tx.clock.now(), WAITS_FOR[state], urgent=after.urgent)
    return replace(after, step_due=min(case.step_due, due) if case.step_due and state is case.state else due)


def escalate(tx: Tx, case: Case, cause: EscalationCause) -> tuple[Case, Event]:
    """One level up; a step that is due before the higher office has to act stays so. Raises CaseNotOpen, CaseIsPaused, HighestLevel."""
    now = tx.clock.now()
    due = case_clocks.escalation_due(now, urgent=case.urgent)
    after = escalated(case, min(case.step_due, due) if case.step_due and case.step_due > now else due)
    return after, events.CaseEscalated.model_validate({"level": after.level, "cause": cause, **codes_today(tx, after)})


# --- who handles it ---------------------------------------------------------------------------------------------------
async def triage_case(tx: Tx, case_id: CaseId, command: commands.TriageCase) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseIsPaused, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    case, late = note_missed(tx, case)
    category = command.category or case.category
    due_at = case_clocks.triaged_due(case, category, command.severity, tx.clock.now()) if case.awaits_first_answer else case.due_at
    blocking = is_blocking(command.severity, collective=case.period is not None)
    after = next_step(tx, case, CaseStep.TRIAGE, category=category, severity=command.severity, blocking=blocking, due_at=due_at)
    return await save(tx, after, *late, events.CaseTriaged(severity=after.severity, due_at=after.due_at, **codes_today(tx, after)))


async def assign_case(tx: Tx, case_id: CaseId, command: commands.AssignCase) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseIsPaused, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    after = next_step(tx, case, CaseStep.ASSIGN, assignee=command.assignee)
    return await save(tx, after, events.CaseAssigned(assignee=command.assignee, **codes_today(tx, after)))


async def escalate_case(tx: Tx, case_id: CaseId, command: commands.EscalateCase) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, CaseIsPaused, HighestLevel, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    after, escalation = escalate(tx, case, "officer")
    return await save(tx, after, escalation)


async def pause_case(tx: Tx, case_id: CaseId, command: commands.PauseCase) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseIsPaused, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    case, late = note_missed(tx, case)
    after = paused(case, command.reason, tx.clock.now())
    return await save(tx, after, *late, events.CasePaused(reason=command.reason, **codes_today(tx, after)))


async def resume_case(tx: Tx, case_id: CaseId, command: commands.ResumeCase) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseNotPaused, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    after = case_clocks.resume(case, tx.clock.now())
    return await save(tx, after, events.CaseResumed.model_validate({"clock_due_at": after.clock_due, **codes_today(tx, after)}))


# --- what is asked and answered ---------------------------------------------------------------------------------------
async def add_evidence(tx: Tx, case_id: CaseId, command: commands.AddEvidence) -> views.Case:
    """In any state: of a closed case it is a ground to reopen it. Raises CaseNotFound, EvidenceKnown, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version)
    by_enterprise = tx.principal.role is Role.ENTERPRISE
    evidence = Evidence(
        digest=command.digest,
        kind=command.kind,
        provided_by="enterprise" if by_enterprise else command.provided_by,
        added_at=tx.clock.now(),
    )
    if not await case_files.insert_evidence(tx, case_id, evidence):
        raise EvidenceKnown(field="digest")
    after = replace(case, version=case.version + 1)
    named = {"digest": evidence.digest, "kind": evidence.kind, "provided_by": evidence.provided_by}
    return await save(tx, after, events.CaseEvidenceAdded.model_validate({**named, **codes_today(tx, after)}))


async def answer_case(tx: Tx, case_id: CaseId, command: commands.AnswerCase) -> views.Case:
    """The first answer to whoever complained. Raises CaseNotFound, CaseNotOpen, CaseIsPaused, AlreadyAnswered, Forbidden."""
    case = await lock_case(tx, case_id, command.version)
    now = tx.clock.now()
    case, late = note_missed(tx, case)
    after = answered(case, now)
    await case_files.insert_statement(tx, case_id, Statement(kind="answer", text=command.text, recorded_at=now))
    answer = events.CaseAnswered(opened_on=case_clocks.programme_day(case.opened_at), **codes_today(tx, after))
    return await save(tx, after, *late, answer)


async def request_response(tx: Tx, case_id: CaseId, command: commands.RequestResponse) -> views.Case:
    """The enterprise is asked. Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseIsPaused, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    after = next_step(tx, case, CaseStep.REQUEST_RESPONSE)
    await case_files.insert_statement(tx, case_id, Statement(kind="request", text=command.text, recorded_at=tx.clock.now()))
    requested = events.CaseResponseRequested.model_validate({"due_at": after.step_due, **codes_today(tx, after)})
    return await save(tx, after, requested)


async def record_response(tx: Tx, case_id: CaseId, command: commands.RecordResponse) -> views.Case:
    """By the enterprise, or for it. Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseIsPaused, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version)
    after = next_step(tx, case, CaseStep.RECORD_RESPONSE)
    await case_files.insert_statement(tx, case_id, Statement(kind="response", text=command.text, recorded_at=tx.clock.now()))
    return await save(tx, after, events.CaseResponseReceived(position=command.position, **codes_today(tx, after)))


async def record_offer(tx: Tx, case_id: CaseId, command: commands.RecordOffer) -> views.Case:
    """By whoever offers, or for them. Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseIsPaused, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version)
    after = next_step(tx, case, CaseStep.RECORD_OFFER)
    offer = Statement(kind="offer", text=command.text, amount=command.amount, recorded_at=tx.clock.now())
    await case_files.insert_statement(tx, case_id, offer)
    recorded = events.CaseOfferRecorded(amount=command.amount, offered_by=command.offered_by, **codes_today(tx, after))
    return await save(tx, after, recorded)


# --- how it ends ------------------------------------------------------------------------------------------------------
async def ask_closure(tx: Tx, case_id: CaseId, command: commands.AskClosure) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseIsPaused, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    now = tx.clock.now()
    due = case_clocks.step_due(now, "closure", urgent=case.urgent)
    after = advance(case, CaseStep.ASK_CLOSURE, asked_at=case.asked_at or now, step_due=case.step_due if case.asked_at else due)
    silent_from = case_clocks.programme_day(case_clocks.silent_from(after.asked_at or now))
    return await save(tx, after, events.CaseClosureAsked(silent_from=silent_from, **codes_today(tx, after)))


async def close_case(tx: Tx, case_id: CaseId, command: commands.CloseCase) -> views.Case:
    """Raises CaseNotFound, VersionConflict, Forbidden, and those of domain.cases.closed."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    case, late = note_missed(tx, case)
    silent_from = case.asked_at and case_clocks.silent_from(case.asked_at)
    after = closed(case, command.outcome, confirmed=command.confirmed, silent_from=silent_from, now=tx.clock.now())
    opened_on = case_clocks.programme_day(case.opened_at)
    closure = events.CaseClosed(outcome=command.outcome, confirmed=command.confirmed, opened_on=opened_on, **codes_today(tx, after))
    return await save(tx, after, *late, closure)


async def reopen_case(tx: Tx, case_id: CaseId, command: commands.ReopenCase) -> views.Case:
    """Received again; a first answer that was never given is due anew.

    Raises CaseNotFound, CaseIllegalStep, ReopenedTooLate, CollectiveOpen, VersionConflict, Forbidden.
    """
    case = await lock_case(tx, case_id, command.version, lead=True)
    if case.period is not None:
        await collective_cases.lock_enterprise(tx, case.enterprise)
        if await collective_cases.lock(tx, case.enterprise, case.period) is not None:
            raise CollectiveOpen(state=case.state.value)
    now, closed_at = tx.clock.now(), case.closed_at or case.opened_at
    term = timedelta(days=policy().rights_reopen_days)
    new_evidence = await case_files.exists_evidence(tx, case_id, closed_at)
    ground = reopening_ground(case, new_evidence=new_evidence, term=term, now=now)
    due_at = case_clocks.first_answer_due(now, case.category, case.severity) if case.awaits_first_answer else case.due_at
    after = next_step(tx, case, CaseStep.REOPEN, outcome=None, closed_at=None, due_at=due_at)
    days = {"opened_on": case_clocks.programme_day(case.opened_at), "closed_on": case_clocks.programme_day(closed_at)}
    reopening = events.CaseReopened.model_validate({**days, "ground": ground, **codes_today(tx, after)})
    return await save(tx, after, reopening)


# --- clocks that run out ----------------------------------------------------------------------------------------------
async def find_late(tx: Tx) -> int:
    """Publish which first answers did not come in time, and take what is late to the next higher office: one bounded batch.

    Returns how many cases were late.
    """
    now = tx.clock.now()
    late = await cases.lock_late(tx, now, BATCH)
    for case in late:
        waited_for = case.waits_for or "handling"
        after, changes = note_missed(tx, case)
        if case.level is not LEVELS[-1]:
            after, escalation = escalate(tx, after, waited_for)
            changes = (*changes, escalation)
        elif after.step_due is not None and after.step_due < now:
            after = replace(after, lapsed=True)
        await save(tx, after, *changes)
    return len(late)


def note_missed(tx: Tx, case: Case) -> tuple[Case, tuple[Event, ...]]:
    """That the first answer is late, where nobody has published it before. While the clock stands still nothing becomes late."""
    if not case.awaits_first_answer or case.paused_at is not None or tx.clock.now() <= case.due_at:
        return case, ()
    after = replace(case, missed=True)
    return after, (events.CaseDeadlineMissed(due_at=case.due_at, **case_codes(after, case_clocks.programme_day(case.due_at))),)
