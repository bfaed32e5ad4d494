"""Findings: flagged with the record that raises them, worked off by an officer who had no part in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.training import commands
from services.training.domain.enrolments import LONGEST_DAY, Enrolment, EnrolmentState, Step, step
from services.training.domain.errors import EnrolmentNotFound, FindingNotFound
from services.training.domain.findings import Finding, FindingId, FindingKind, FindingState, FindingStep, decide, require_uninvolved
from services.training.domain.needs import NeedStep
from services.training.queries import enrolments, findings, needs, sessions
from services.training.usecases import seats
from services.training.usecases.event_fields import codes
from services.training.usecases.scope import require_counties
from services.training.views import findings as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.paging import Page
from shared.values import CourseId, new_id


async def flag_attendance(tx: Tx, attended: Sequence[tuple[Enrolment, date]], course: CourseId) -> list[Finding]:
    """Who was recorded in two centres on one of these days, or for longer than a day allows; each is an event."""
    if not attended:
        return []
    found = await findings.insert_two_centres(tx, [(one.id, day, FindingId(new_id())) for one, day in attended])
    found += await findings.insert_long_days(tx, [(one.id, day, FindingId(new_id())) for one, day in attended], LONGEST_DAY)
    by_id = {one.id: one for one, _ in attended}
    flagged = (
        events.AttendanceOverlapFlagged(
            finding=one.id, kind=one.kind.value, other=one.other, minutes=one.minutes, **codes(by_id[one.enrolment], course, one.day)
        )
        for one in found
    )
    publish_and_audit(tx, *flagged)
    return found


async def decide_finding(tx: Tx, finding_id: FindingId, command: commands.DecideFinding) -> views.Finding:
    """A pass held for it counts once every finding is dismissed; one that is upheld takes the examination back: it is to be repeated,
    and a pass that counted already, and is not certified yet, is lost. What is certified is revoked by hand.

    Raises FindingNotFound, FindingDecided, DeciderInvolved, Forbidden.
    """
    await sessions.lock_allocation(tx)
    found = await findings.get(tx, finding_id)
    if found is None:
        raise FindingNotFound
    concerned = await enrolments.lock_all(tx, found.enrolments)
    require_counties(tx.principal, concerned)
    finding = await findings.lock(tx, finding_id) or found
    state = decide(finding, FindingStep.UPHOLD if command.outcome == "upheld" else FindingStep.DISMISS)
    require_uninvolved(tx.principal.subject, await findings.list_involved(tx, finding))
    finding = replace(finding, state=state, decided_by=str(tx.principal), decided_at=tx.clock.now())
    await findings.update_decided(tx, finding, command.explanation)
    await _publish(tx, finding, concerned)
    held = [one for one in concerned if one.state is EnrolmentState.HELD]
    if state is FindingState.UPHELD:
        await _take_back(tx, held)
        await _lose(tx, [one for one in concerned if one.state is EnrolmentState.PASSED])
    else:
        still = await findings.list_concerned(tx, [one.id for one in held])
        await _release(tx, [one for one in held if one.id not in still])
    return views.Finding.from_finding(finding)


async def _publish(tx: Tx, finding: Finding, concerned: Sequence[Enrolment]) -> None:
    outcome = "upheld" if finding.state is FindingState.UPHELD else "dismissed"
    for one in concerned:
        if one.id == finding.enrolment:
            about = codes(one, await _course(tx, one), tx.clock.today())
            publish_and_audit(tx, events.FindingDecided(finding=finding.id, kind=finding.kind.value, outcome=outcome, **about))


async def _take_back(tx: Tx, held: Sequence[Enrolment]) -> None:
    for one in held:
        step(one, Step.TAKE_BACK)
    await enrolments.update_taken_back(tx, held)


async def _lose(tx: Tx, passed: Sequence[Enrolment]) -> None:
    """Passes that counted before the finding and are not certified yet; the placements need training again."""
    for one in passed:
        if one.score is None or one.assessed_on is None:
            continue
        await enrolments.update_corrected(tx, replace(one, state=step(one, Step.LOSE)))
        counted = events.AssessmentFact(score=one.score, passed=True, assessed_on=one.assessed_on)
        fact = counted.model_copy(update={"passed": False})
        about = codes(one, await _course(tx, one), tx.clock.today())
        lost = events.AssessmentCorrected(previous=counted, fact=fact, reason="finding", approver=str(tx.principal), **about)
        publish_and_audit(tx, lost)
    await seats.reopen(tx, await needs.lock_all(tx, [one.placement for one in passed]), NeedStep.UNSEAT)


async def _release(tx: Tx, held: Sequence[Enrolment]) -> None:
    """The pass counts, as of the day of the examination."""
    for one in held:
        step(one, Step.RELEASE)
        if one.score is not None and one.assessed_on is not None:
            about = codes(one, await _course(tx, one), one.assessed_on)
            publish_and_audit(tx, events.AssessmentRecorded(score=one.score, passed=True, **about))
    await enrolments.update_states(tx, held, EnrolmentState.PASSED)


async def _course(tx: Tx, enrolment: Enrolment) -> CourseId:
    session = await sessions.get(tx, enrolment.session)
    if session is None:
        raise EnrolmentNotFound
    return session.course.id


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_findings(tx: Tx, page: Page, *, state: FindingState, kind: FindingKind | None, since: date | None) -> views.Findings:
    """Those about workers of the caller's counties, oldest first."""
    items, following = await findings.list_(tx, page, state=state, kind=kind, since=since, counties=tx.principal.county_prefixes())
    return views.Findings(items=tuple(map(views.Finding.from_finding, items)), next=following)
