"""When things are due in a case: by working time, an emergency at once. A pause does not count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from services.rights.domain.cases import Case, Category, EscalationCause, Severity, is_urgent, resumed
from services.rights.settings import policy
from shared.reference import working_days_after, working_time_after, working_time_between
from shared.values import PROGRAMME_ZONE


def first_answer_due(now: datetime, category: Category, severity: Severity) -> datetime:
    """Hours of an emergency run through nights and holidays; those of wages are of working days; working days end with the day."""
    rules = policy()
    if is_urgent(category, severity):
        return now + timedelta(hours=rules.rights_emergency_hours)
    if category == "wages":
        return working_time_after(now, timedelta(hours=rules.rights_wages_hours))
    return _end_of_working_day(now, rules.rights_answer_days)


def triaged_due(case: Case, category: Category, severity: Severity, now: datetime) -> datetime:
    """Counted from the opening as if it had been known then; what is past then is due from now on, and never later than before."""
    if (category, severity) == (case.category, case.severity):
        return case.due_at
    due = first_answer_due(case.opened_at, category, severity)
    return due if due > now else min(case.due_at, first_answer_due(now, category, severity))


def step_due(now: datetime, waits_for: EscalationCause, *, urgent: bool) -> datetime:
    """When a case that waits for this is due."""
    rules = policy()
    if waits_for == "closure":  # whoever complained may be silent first
        now += timedelta(days=rules.rights_silence_days)
    elif urgent:
        return now + timedelta(hours=rules.rights_emergency_step_hours)
    days = {
        "response": rules.rights_response_days,
        "offer": rules.rights_offer_days,
        "draw": rules.rights_draw_days,
    }
    return _end_of_working_day(now, days.get(waits_for, rules.rights_handling_days))


def escalation_due(now: datetime, *, urgent: bool) -> datetime:
    """When the higher office has to have acted."""
    rules = policy()
    if urgent:
        return now + timedelta(hours=rules.rights_emergency_step_hours)
    return _end_of_working_day(now, rules.rights_escalation_days)


def silent_from(asked_at: datetime) -> datetime:
    """When the silence of whoever was asked counts."""
    return asked_at + timedelta(days=policy().rights_silence_days)


def without_pause(due: datetime, case: Case, now: datetime) -> datetime:
    """What was due, later by the pause: by its working time, in an emergency by all of it. What was late before stays so."""
    since = case.paused_at or now
    if due <= since:
        return due
    return due + (now - since) if case.urgent else working_time_after(due, working_time_between(since, now))


def resume(case: Case, now: datetime) -> Case:
    """The clock runs on, later by the pause. Raises CaseNotOpen, CaseIllegalStep, CaseNotPaused."""
    due_at = without_pause(case.due_at, case, now) if case.awaits_first_answer else case.due_at
    return resumed(case, due_at, case.step_due and without_pause(case.step_due, case, now), now)


def running(case: Case, now: datetime) -> Case:
    """The case with its clock running, at the version it has: the step that ends the pause counts as one."""
    return case if case.paused_at is None else replace(resume(case, now), version=case.version)


def programme_day(moment: datetime) -> date:
    """The calendar day of a moment in the programme's zone."""
    return moment.astimezone(PROGRAMME_ZONE).date()


def _end_of_working_day(now: datetime, days: int) -> datetime:
    return datetime.combine(working_days_after(programme_day(now), days), time(23, 59, 59), PROGRAMME_ZONE)
