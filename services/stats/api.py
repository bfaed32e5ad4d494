"""HTTP: figures, the published form, the report, quotas, targets, programmes, cells."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from services.stats import board, exports, figures, usecases, views
from services.stats.commands import (
    AgeBand,
    Basis,
    By,
    ClosablePeriod,
    ClosePeriod,
    Code,
    EnterProgramme,
    Filter,
    Foreign,
    LoadFxRates,
    Question,
    ReopenPeriod,
    ReviseFxRate,
)  # fmt: skip
from services.stats.freshness import lag_of
from shared.auth import Role
from shared.http import Call, allow
from shared.reference import Region, Scheme
from shared.values import Channel, CountyField, Day, Designation, DestinationField, EnterpriseId, OccupationField, Sex

router = APIRouter()

Reader = Annotated[Call, allow(Role.OFFICER, Role.OPERATOR, Role.AUDITOR)]
Planner = Annotated[Call, allow(Role.OFFICER, Role.OPERATOR)]
PeriodText = Annotated[str, Query(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
KnownAt = Annotated[Day | None, Query(alias="as_known_at", description="only what was recorded by the end of this day")]
YearNumber = Annotated[int, Query(ge=1991, le=2199)]
ProgrammeCode = Annotated[Code, Query(description="code of the programme")]
FIRST = "1990"


def _filter(
    county: Annotated[list[CountyField], Query(max_length=500)] = [],  # noqa: B006  # FastAPI copies defaults
    designation: Annotated[list[Designation], Query(max_length=4)] = [],  # noqa: B006
    listed: Annotated[list[Designation], Query(max_length=4)] = [],  # noqa: B006
    province: Annotated[list[CountyField], Query(max_length=40)] = [],  # noqa: B006
    region: Annotated[list[Region], Query(max_length=8)] = [],  # noqa: B006
    destination: Annotated[list[DestinationField], Query(max_length=250)] = [],  # noqa: B006
    occupation: Annotated[list[OccupationField], Query(max_length=500)] = [],  # noqa: B006
    enterprise: Annotated[list[EnterpriseId], Query(max_length=100)] = [],  # noqa: B006
    channel: Annotated[list[Channel], Query(max_length=3)] = [],  # noqa: B006
    sex: Annotated[list[Sex], Query(max_length=2)] = [],  # noqa: B006
    age_band: Annotated[list[AgeBand], Query(max_length=20)] = [],  # noqa: B006
) -> Filter:
    """The dimensions of a question's filter, each repeatable."""
    return Filter(
        county=tuple(county), designation=tuple(designation), listed=tuple(listed), province=tuple(province), region=tuple(region),
        destination=tuple(destination), occupation=tuple(occupation), enterprise=tuple(enterprise), channel=tuple(channel), sex=tuple(sex),
        age_band=tuple(age_band),
    )  # fmt: skip


# --- figures --------------------------------------------------------------------------------------------------------------
@router.get("/figures/monthly")
async def monthly(call: Reader, year: YearNumber, as_known_at: KnownAt = None) -> views.Monthly:
    """The published form: cumulative from January in two channels, stock at month end, change on the year before."""
    lag = await lag_of(call.site)
    return await call.query(lambda tx: usecases.monthly(tx, year, as_known_at, lag))


def _question(
    call: Reader,
    measure: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")],
    part: Annotated[Filter, Depends(_filter)],
    since: Annotated[PeriodText, Query(alias="from")] = FIRST,
    to: PeriodText | None = None,
    by: Annotated[list[By], Query(max_length=6)] = [],  # noqa: B006
    basis: Basis = "ever_listed",
    scheme: Scheme = "three_belt",
    as_known_at: KnownAt = None,
) -> Question:
    """A measure between two periods (inclusive; up to today where `to` is left out), by dimensions that one of its cuts has together."""
    today = as_known_at or call.clock.today()
    return Question(
        measure=measure, start=figures.bounds(since, upper=False), end=figures.bounds(to, upper=True) if to else today,
        by=tuple(dict.fromkeys(by)), filter=part, basis=basis, scheme=scheme, known_on=as_known_at,
    )  # fmt: skip


Asked = Annotated[Question, Depends(_question)]


@router.get("/figures/{measure}")  # noqa: FAST003  # _question reads it
async def figure(call: Reader, question: Asked) -> views.Figure:
    """Any measure, by any dimensions that one of its cuts has together."""
    lag = await lag_of(call.site)
    return await call.query(lambda tx: usecases.figure(tx, question, lag))


@router.get("/figures/{measure}/export", response_class=Response)  # noqa: FAST003
async def export(call: Reader, question: Asked, form: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv") -> Response:
    """The same figure as a file: a row per point, with what the answer says of itself in every row."""
    lag = await lag_of(call.site)
    found = await call.query(lambda tx: usecases.figure(tx, question, lag))
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/vnd.apache.parquet"
    name = f"attachment; filename={question.measure}.{form}"
    return Response(exports.file_of(found, form), media_type=kind, headers={"content-disposition": name})


@router.get("/report")
async def report(call: Reader, programme: ProgrammeCode = board.MAIN, as_known_at: KnownAt = None) -> views.Report:
    """Every year of the programme, totals, targets, freshness. Amounts in fen."""
    lag = await lag_of(call.site)
    return await call.query(lambda tx: usecases.report(tx, programme, as_known_at, lag))


@router.get("/cells")
async def cells(
    call: Annotated[Call, allow(Role.OPERATOR, Role.AUDITOR)],
    cut: Annotated[int, Query(ge=1, le=99)],
    measure: Annotated[str, Query(pattern=r"^[a-z_]{1,40}$")],
    after: Annotated[str | None, Query(max_length=200, pattern=r"^[\x20-\x7e]*$")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> views.Cells:
    """The stored cells of one cut and measure in key order."""
    return await call.query(lambda tx: usecases.cells(tx, cut, measure, after, limit))


# --- programmes -----------------------------------------------------------------------------------------------------------
LevelName = Literal["nation", "region", "province"]


@router.get("/quotas")
async def quotas(
    call: Reader, programme: ProgrammeCode = board.MAIN, level: LevelName = "nation", as_known_at: KnownAt = None
) -> views.Quotas:
    """Every quota in every year begun, judged as known at a day."""
    lag = await lag_of(call.site)
    return await call.query(lambda tx: usecases.quotas(tx, programme, level, as_known_at, lag))


@router.get("/targets")
async def targets(
    call: Reader, programme: ProgrammeCode = board.MAIN, level: LevelName = "nation", as_known_at: KnownAt = None
) -> views.Targets:
    """Every target: actual, expected to date, what is needed per day, state."""
    lag = await lag_of(call.site)
    return await call.query(lambda tx: usecases.targets(tx, programme, level, as_known_at, lag))


@router.get("/programmes")
async def programmes(call: Reader) -> list[views.Programme]:
    """The programmes in force."""
    return await call.query(usecases.programmes)


@router.get("/programmes/{code}")
async def programme_versions(call: Reader, code: Code) -> list[views.Programme]:
    """Every version of a programme, oldest first; version 0 is the shipped one."""
    return await call.query(lambda tx: usecases.programme_versions(tx, code))


@router.post("/programmes", status_code=201, response_model=views.Programme)
async def enter_programme(body: EnterProgramme, call: Planner) -> Response:
    """Enter a plan, or the next version of one. A plan that contradicts itself is refused with the arithmetic."""
    return await call.command(lambda tx: usecases.enter_programme(tx, body), status=201)


# --- rates ----------------------------------------------------------------------------------------------------------------
@router.get("/fx-rates")
async def fx_rates(call: Reader, currency: Foreign | None = None) -> list[views.FxRate]:
    """Every version of every monthly rate, yuan per unit."""
    return await call.query(lambda tx: usecases.fx_rates(tx, currency))


@router.post("/fx-rates", status_code=201, response_model=list[views.FxRate])
async def load_fx_rates(body: LoadFxRates, call: Planner) -> Response:
    """Load rates for months that have none; all or nothing."""
    return await call.command(lambda tx: usecases.load_fx_rates(tx, body), status=201)


@router.post("/fx-rates/revisions", status_code=201, response_model=views.FxRate)
async def revise_fx_rate(body: ReviseFxRate, call: Planner) -> Response:
    """Enter another rate for a month that has one, with the reason."""
    return await call.command(lambda tx: usecases.revise_fx_rate(tx, body), status=201)


# --- closed periods -------------------------------------------------------------------------------------------------------
@router.get("/periods")
async def periods(call: Reader) -> list[views.Period]:
    """Every close, reopened ones included."""
    return await call.query(usecases.periods)


@router.post("/periods/close", status_code=201, response_model=views.Period)
async def close_period(body: ClosePeriod, call: Annotated[Call, allow(Role.OFFICER)]) -> Response:
    """Freeze a year or month that has ended; every later change of it is restated."""
    return await call.command(lambda tx: usecases.close_period(tx, body), status=201)


@router.post("/periods/reopen", response_model=views.Period)
async def reopen_period(body: ReopenPeriod, call: Annotated[Call, allow(Role.OFFICER)]) -> Response:
    """Approve that a closed period changes; not by who closed it."""
    return await call.command(lambda tx: usecases.reopen_period(tx, body))


@router.get("/restatements")
async def restatements(
    call: Reader,
    period: ClosablePeriod | None = None,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
) -> views.Restatements:
    """What has changed in closed periods, oldest first."""
    return await call.query(lambda tx: usecases.restatements(tx, period, after, limit))
