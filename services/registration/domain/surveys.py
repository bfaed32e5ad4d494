"""Surveys of counties: who can go and who wants to, by headcount. For a county and reference date there is one survey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from services.registration.domain.errors import (
    BeforeTheStatistics,
    MoreAbleThanAsked,
    MoreSkilledThanAsked,
    MoreWillingThanAble,
    SkillTwice,
    SurveyAlreadyVoided,
)
from shared.values import CountyCode, Occupation, SurveyId

SurveyVoidReason = Literal["wrong_county", "wrong_date", "not_held", "unreliable"]
FIRST_DAY = date(1990, 1, 1)  # of the statistics: what lies before is not counted but parked


class SurveyState(StrEnum):
    RECORDED = "recorded"
    VOIDED = "voided"


class Step(StrEnum):
    RECORD = "record"
    VOID = "void"


SURVEY_STEPS: Mapping[tuple[SurveyState, Step], SurveyState] = {
    (SurveyState.RECORDED, Step.RECORD): SurveyState.RECORDED,  # supersedes what was recorded
    (SurveyState.RECORDED, Step.VOID): SurveyState.VOIDED,
    (SurveyState.VOIDED, Step.RECORD): SurveyState.RECORDED,
}


@dataclass(frozen=True, slots=True)
class Skill:
    """How many of those asked can work in the occupation; one person may count under several."""

    occupation: Occupation
    people: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a survey found: the able are counted among the respondents, the willing among the able."""

    respondents: int
    able: int
    willing: int
    skills: tuple[Skill, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One survey as it stands. `first_this_year`: it makes its county a surveyed one of the calendar year."""

    survey: SurveyId
    county: CountyCode
    reference_date: date
    first_this_year: bool
    version: int
    state: SurveyState
    voided_for: SurveyVoidReason | None
    found: Findings
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SurveyFilter:
    """Which surveys are asked for; None: any."""

    county: CountyCode | None = None
    since: date | None = None
    until: date | None = None
    state: SurveyState | None = None


@dataclass(frozen=True, slots=True)
class CoveredCounty:
    """A county with surveys in a period: how many, and the newest reference date."""

    county: CountyCode
    surveys: int
    latest: date


def state_after(state: SurveyState, step: Step) -> SurveyState:
    """Raises SurveyAlreadyVoided."""
    if (state, step) not in SURVEY_STEPS:
        raise SurveyAlreadyVoided(state=state)
    return SURVEY_STEPS[state, step]


def require_counts(found: Findings) -> None:
    """Raises MoreAbleThanAsked, MoreWillingThanAble, MoreSkilledThanAsked, SkillTwice."""
    if found.able > found.respondents:
        raise MoreAbleThanAsked(field="able")
    if found.willing > found.able:
        raise MoreWillingThanAble(field="willing")
    seen: set[Occupation] = set()
    for position, skill in enumerate(found.skills):
        if skill.people > found.respondents:
            raise MoreSkilledThanAsked(field=f"skills.{position}.people")
        if skill.occupation in seen:
            raise SkillTwice(field=f"skills.{position}.occupation")
        seen.add(skill.occupation)


def require_counted(day: date, field: str) -> None:
    """Raises BeforeTheStatistics."""
    if day < FIRST_DAY:
        raise BeforeTheStatistics(f"must not lie before {FIRST_DAY}", field=field)


def recount(of_year: Iterable[Survey]) -> dict[SurveyId, Survey]:
    """A county's surveys of one calendar year with the flags they must have now: the earliest one that stands is the first."""
    surveys = list(of_year)
    recorded = [one for one in surveys if one.state is SurveyState.RECORDED]
    first = min(recorded, key=lambda one: one.reference_date, default=None)
    return {one.survey: replace(one, first_this_year=one is first) for one in surveys}


def changed_firsts(before: Sequence[Survey], now: Mapping[SurveyId, Survey], but: SurveyId) -> list[tuple[Survey, Survey]]:
    """The other surveys that have become the first of their year, or are it no longer: before and now."""
    pairs = [(one, now[one.survey]) for one in before if one.survey != but]
    return [(was, after) for was, after in pairs if was.first_this_year is not after.first_this_year]
