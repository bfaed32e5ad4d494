"""Surveys of counties: recorded, superseded, voided; and which counties have been surveyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from services.registration.commands import RecordSurvey, VoidSurvey
from services.registration.domain.errors import NothingToChange, PeriodReversed, SurveyNotFound
from services.registration.domain.surveys import (
    Findings,
    Skill,
    Step,
    Survey,
    SurveyFilter,
    SurveyState,
    changed_firsts,
    recount,
    require_counted,
    require_counts,
    state_after,
)
from services.registration.domain.workers import effective_day
from services.registration.queries import surveys
from services.registration.views import surveys as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.paging import Page, page
from shared.principals import require_county
from shared.values import CountyCode, SurveyId, new_id

Cause = Literal["superseded", "earlier_survey", "void_of_first"]


# --- commands ---------------------------------------------------------------------------------------------------------
async def record_survey(tx: Tx, command: RecordSurvey) -> views.Survey:
    """Enter a survey, or what takes the place of an earlier record of the same county and day.

    Raises InFuture, BeforeTheStatistics, OccupationNotFound, NothingToChange, VersionConflict, Forbidden, and what `require_counts` raises.
    """
    county = reference.current_code(command.county)  # under any code the same county, or it would be surveyed twice
    require_county(tx.principal, county)
    found = _findings(command)
    day = effective_day(command.reference_date, tx.clock.today(), field="reference_date")
    require_counted(day, "reference_date")
    before = await surveys.lock_year(tx, county, day)
    old = next((one for one in before if one.reference_date == day), None)
    require_version(command.version, old.version if old else 0)
    if old is not None and (old.state, old.found) == (SurveyState.RECORDED, found):
        raise NothingToChange
    new = Survey(
        survey=old.survey if old else SurveyId(new_id()),
        county=county,
        reference_date=day,
        first_this_year=False,  # decided among all of the year
        version=old.version + 1 if old else 1,
        state=state_after(old.state, Step.RECORD) if old else SurveyState.RECORDED,
        voided_for=None,
        found=found,
        recorded_by=str(tx.principal),
        recorded_at=tx.clock.now(),
    )
    return await _save(tx, before, old, new)


async def void_survey(tx: Tx, survey: SurveyId, command: VoidSurvey) -> views.Survey:
    """There was no such survey: it stays on record and counts nowhere.

    Raises SurveyNotFound, SurveyAlreadyVoided, VersionConflict, Forbidden.
    """
    known = await _get(tx, survey)
    before = await surveys.lock_year(tx, known.county, known.reference_date)
    old = next(one for one in before if one.survey == survey)
    require_version(command.version, old.version)
    voided = replace(
        old,
        version=old.version + 1,
        state=state_after(old.state, Step.VOID),
        voided_for=command.reason,
        recorded_by=str(tx.principal),
        recorded_at=tx.clock.now(),
    )
    return await _save(tx, before, old, voided)


async def _save(tx: Tx, before: Sequence[Survey], old: Survey | None, new: Survey) -> views.Survey:
    """Write the new version; other surveys of the county's year follow where another one is now the first."""
    now = recount([*(one for one in before if one.survey != new.survey), new])
    others = changed_firsts(before, now, new.survey)
    new = now[new.survey]
    await surveys.insert_version(tx, new)
    await surveys.update_firsts(tx, [after for _, after in others])
    moved: Cause = "earlier_survey" if new.first_this_year else "void_of_first"
    publish_and_audit(tx, _change(old, new), *(_corrected(was, after, moved) for was, after in others))
    return views.Survey.from_survey(new)


def _change(old: Survey | None, new: Survey) -> events.SurveyRecorded | events.SurveyCorrected | events.SurveyVoided:
    if old is not None and new.voided_for is not None:
        return events.SurveyVoided(survey=new.survey, previous=_fact(old), reason=new.voided_for)
    if old is None or old.state is SurveyState.VOIDED:
        return events.SurveyRecorded(survey=new.survey, fact=_fact(new))
    return _corrected(old, new, "superseded")


def _corrected(was: Survey, now: Survey, cause: Cause) -> events.SurveyCorrected:
    return events.SurveyCorrected(survey=now.survey, previous=_fact(was), fact=_fact(now), cause=cause)


def _fact(one: Survey) -> events.SurveyFact:
    return events.SurveyFact(
        origin=reference.origin(one.county, one.reference_date),
        reference_date=one.reference_date,
        respondents=one.found.respondents,
        able=one.found.able,
        willing=one.found.willing,
        skills=tuple(events.SurveySkill(occupation=skill.occupation, people=skill.people) for skill in one.found.skills),
        first_this_year=one.first_this_year,
    )


def _findings(command: RecordSurvey) -> Findings:
    """Raises OccupationNotFound, and what `require_counts` raises."""
    for position, skill in enumerate(command.skills):
        reference.require_occupation(skill.occupation, f"skills.{position}.occupation")
    skills = tuple(sorted((Skill(skill.occupation, skill.people) for skill in command.skills), key=lambda skill: skill.occupation))
    found = Findings(command.respondents, command.able, command.willing, skills)
    require_counts(found)
    return found


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_survey(tx: Tx, survey: SurveyId) -> views.Survey:
    """As it stands. Raises SurveyNotFound, Forbidden."""
    return views.Survey.from_survey(await _get(tx, survey))


async def list_surveys(tx: Tx, page: Page, wanted: SurveyFilter) -> views.Surveys:
    """Surveys of the principal's regions, in the order in which they were first recorded."""
    items, following = await surveys.list_matching(tx, page, wanted)
    return views.Surveys(items=tuple(map(views.Survey.from_survey, items)), next=following)


async def list_versions(tx: Tx, survey: SurveyId, after: int, limit: int) -> views.SurveyVersions:
    """Every version as it was recorded. Raises SurveyNotFound, Forbidden."""
    await _get(tx, survey)
    found = await surveys.list_versions(tx, survey, after=after, limit=limit + 1)
    items, following = page(found, limit, lambda one: one.version)
    return views.SurveyVersions(items=tuple(map(views.Survey.from_survey, items)), next=following)


async def history(tx: Tx, survey: SurveyId, after: int, limit: int) -> History:
    """Raises SurveyNotFound, Forbidden."""
    await _get(tx, survey)
    return await changes_of(tx, survey, after, limit)


async def show_coverage(tx: Tx, since: date, until: date, *, surveyed: bool | None, after: CountyCode | None, limit: int) -> views.Coverage:
    """Which counties of the principal's regions were surveyed in the period, and which were not. Raises PeriodReversed."""
    if until < since:
        raise PeriodReversed(field="to")
    covered = {one.county: one for one in await surveys.list_covered(tx, since, until)}
    listed = {code for code in reference.counties() if tx.principal.covers_county(code)}
    codes = [CountyCode(code) for code in sorted(listed | covered.keys()) if after is None or code > after]
    rows = [views.CountyCoverage.from_county(code, covered.get(code)) for code in codes]
    asked = [row for row in rows if surveyed in (None, row.surveys > 0)]
    items, following = page(asked[: limit + 1], limit, lambda row: row.county)
    return views.Coverage(
        since=since,
        until=until,
        counties=len(listed),
        surveyed=len(listed & covered.keys()),
        unclassified=len(covered.keys() - listed),
        items=tuple(items),
        next=following,
    )


async def _get(tx: Tx, survey: SurveyId) -> Survey:
    """Raises SurveyNotFound, Forbidden."""
    one = await surveys.get(tx, survey)
    if one is None:
        raise SurveyNotFound
    require_county(tx.principal, one.county)
    return one
