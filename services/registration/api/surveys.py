"""Surveys of counties, and which counties have been surveyed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.callers import Officer, Reader, Writer
from services.registration.commands import RecordSurvey, VoidSurvey
from services.registration.domain.surveys import SurveyFilter, SurveyState
from services.registration.usecases import surveys
from services.registration.views.surveys import Coverage, Survey, Surveys, SurveyVersions
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import CountyField, Day, SurveyId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()
Since = Annotated[Day | None, Query(alias="from", description="reference dates from this day on")]
Until = Annotated[Day | None, Query(alias="to", description="reference dates up to this day")]


@router.post("/surveys", status_code=201, response_model=Survey)
async def record_survey(body: RecordSurvey, call: Writer) -> Response:
    return await call.command(lambda tx: surveys.record_survey(tx, body), status=201)


@router.get("/surveys")
async def list_surveys(
    call: Reader,
    page: Annotated[Page, paged("reference_date", "county")],
    *,
    county: CountyField | None = None,
    since: Since = None,
    until: Until = None,
    state: SurveyState | None = None,
) -> Surveys:
    wanted = SurveyFilter(county, since, until, state)
    return await call.query(lambda tx: surveys.list_surveys(tx, page, wanted))


@router.get("/surveys/coverage")
async def show_coverage(
    call: Reader,
    *,
    since: Since = None,
    until: Until = None,
    surveyed: bool | None = None,
    after: CountyField | None = None,
    limit: Limit = 200,
) -> Coverage:
    """Every county of the caller's regions: surveyed in the period or not; only those that were, or were not, where that is asked.

    Left out, the period is this calendar year.
    """
    year = call.clock.today().year
    first, last = since or date(year, 1, 1), until or date(year, 12, 31)
    return await call.query(lambda tx: surveys.show_coverage(tx, first, last, surveyed=surveyed, after=after, limit=limit))


@router.get("/surveys/{survey}")
async def show_survey(survey: SurveyId, call: Reader) -> Survey:
    return await call.query(lambda tx: surveys.show_survey(tx, survey))


@router.get("/surveys/{survey}/versions")
async def list_survey_versions(survey: SurveyId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> SurveyVersions:
    """What was recorded of it, and by whom, from the first version on."""
    return await call.query(lambda tx: surveys.list_versions(tx, survey, after, limit))


@router.get("/surveys/{survey}/history")
async def survey_history(survey: SurveyId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: surveys.history(tx, survey, after, limit))


@router.post("/surveys/{survey}/void", response_model=Survey)
async def void_survey(survey: SurveyId, body: VoidSurvey, call: Officer) -> Response:
    return await call.command(lambda tx: surveys.void_survey(tx, survey, body))
