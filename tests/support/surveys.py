"""Surveys of counties as events."""

from __future__ import annotations

from datetime import date

from shared import events, reference
from shared.values import CountyCode, SurveyId, new_id
from tests.support.stats import POOR_WEST


def survey_fact(county: str = POOR_WEST, on: date = date(2018, 3, 1), respondents: int = 1200, *, first: bool = True) -> events.SurveyFact:
    """A third are able, a twelfth are willing."""
    return events.SurveyFact.model_validate(
        {
            "origin": reference.origin(CountyCode(county), on),
            "reference_date": on,
            "respondents": respondents,
            "able": respondents // 3,
            "willing": respondents // 12,
            "skills": ({"occupation": "7112", "people": respondents},) * (respondents % 3),
            "first_this_year": first,
        }
    )


def surveyed(fact: events.SurveyFact | None = None) -> events.SurveyRecorded:
    return events.SurveyRecorded(survey=SurveyId(new_id()), fact=fact or survey_fact())


def survey_corrected(
    of: events.SurveyRecorded, fact: events.SurveyFact, previous: events.SurveyFact | None = None
) -> events.SurveyCorrected:
    return events.SurveyCorrected(survey=of.survey, previous=previous or of.fact, fact=fact, cause="superseded")


def survey_voided(of: events.SurveyRecorded, previous: events.SurveyFact | None = None) -> events.SurveyVoided:
    return events.SurveyVoided(survey=of.survey, previous=previous or of.fact, reason="not_held")
