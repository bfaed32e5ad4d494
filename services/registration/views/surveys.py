"""Surveys as shown, and which counties have been surveyed."""

from __future__ import annotations

from datetime import date, datetime

from services.registration.domain import surveys
from services.registration.domain.surveys import CoveredCounty, SurveyState, SurveyVoidReason
from services.registration.views.view import View
from services.registration.views.workers import Notice
from shared import reference
from shared.values import CountyCode, Designation, Occupation, SurveyId


class SurveyedSkill(View):
    occupation: Occupation
    people: int


class Survey(View):
    """`first_this_year`: it is the survey by which its county counts as surveyed in the calendar year."""

    survey: SurveyId
    version: int
    state: SurveyState
    voided_for: SurveyVoidReason | None
    county: CountyCode
    county_name: str | None
    designation: Designation  # on the reference date
    reference_date: date
    first_this_year: bool
    respondents: int
    able: int
    willing: int
    skills: tuple[SurveyedSkill, ...]
    recorded_by: str
    recorded_at: datetime
    warnings: tuple[Notice, ...]

    @classmethod
    def from_survey(cls, one: surveys.Survey) -> Survey:
        county = reference.county(one.county)
        return cls(
            survey=one.survey,
            version=one.version,
            state=one.state,
            voided_for=one.voided_for,
            county=one.county,
            county_name=county.name_zh if county else None,
            designation=reference.designation(one.county, one.reference_date),
            reference_date=one.reference_date,
            first_this_year=one.first_this_year,
            respondents=one.found.respondents,
            able=one.found.able,
            willing=one.found.willing,
            skills=tuple(map(SurveyedSkill.model_validate, one.found.skills)),
            recorded_by=one.recorded_by,
            recorded_at=one.recorded_at,
            warnings=() if county else (Notice(code="COUNTY_UNCLASSIFIED", field="county"),),
        )


class Surveys(View):
    items: tuple[Survey, ...]
    next: str | None  # hand it back as `after`


class SurveyVersions(View):
    """Oldest first; `first_this_year` is as it is now."""

    items: tuple[Survey, ...]
    next: int | None  # hand it back as `after`


class CountyCoverage(View):
    """`surveys` 0: not surveyed in the period. `county_name` None: no list of divisions has the county."""

    county: CountyCode
    county_name: str | None
    surveys: int
    latest: date | None

    @classmethod
    def from_county(cls, code: CountyCode, covered: CoveredCounty | None) -> CountyCoverage:
        known = reference.county(code)
        return cls(
            county=code,
            county_name=known.name_zh if known else None,
            surveys=covered.surveys if covered else 0,
            latest=covered.latest if covered else None,
        )


class Coverage(View):
    """`counties` on the list, `surveyed` of them; `unclassified`: surveyed ones that are not on it, which are among the items too."""

    since: date
    until: date
    counties: int
    surveyed: int
    unclassified: int
    items: tuple[CountyCoverage, ...]
    next: CountyCode | None  # hand it back as `after`
