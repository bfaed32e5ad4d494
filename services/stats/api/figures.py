"""Figures, the published form, exports, the report, cells."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from services.stats import views
from services.stats.api.parameters import Asked, KnownAt, ProgrammeCode, Reader
from services.stats.figures.freshness import lag_of
from services.stats.programmes import evaluation
from services.stats.usecases import answers
from services.stats.views import exports
from shared.principals import Role
from shared.web.call import Call, allow

router = APIRouter()
YearNumber = Annotated[int, Query(ge=1991, le=2199)]


@router.get("/measures")
async def measures(_: Reader) -> list[views.MeasureRow]:
    """Everything that can be asked for: what it counts, in which unit, by which dimensions together."""
    return views.measures()


@router.get("/figures/monthly")
async def monthly(call: Reader, year: YearNumber, as_known_at: KnownAt = None) -> views.Monthly:
    """The published form: cumulative from January in two channels, stock at month end, change on the year before."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: answers.monthly(tx, year, as_known_at, lag))


@router.get("/figures/{measure}")  # noqa: FAST003  # _question reads it
async def figure(
    call: Reader,
    question: Asked,
    after: Annotated[str | None, Query(max_length=400, pattern=r"^[\x20-\x7e]*$")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> views.Figure:
    """Any measure, by any dimensions that one of its cuts has together; page by page where it has many points."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: answers.figure(tx, question, lag, after, limit))


@router.get("/figures/{measure}/export", response_class=StreamingResponse)  # noqa: FAST003
async def export(call: Reader, question: Asked, form: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv") -> Response:
    """The same figure as a file: a row per point, with what the answer says of itself in every row."""
    lag = await lag_of(call.service)
    head, points = await call.query(lambda tx: answers.export(tx, question, lag))
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/vnd.apache.parquet"
    name = f"attachment; filename={question.measure}.{form}"
    return StreamingResponse(exports.file_of(head, points, form), media_type=kind, headers={"content-disposition": name})


@router.get("/report")
async def report(call: Reader, programme: ProgrammeCode = evaluation.MAIN, as_known_at: KnownAt = None) -> views.Report:
    """Every year of the programme, totals, targets, freshness. Amounts in fen."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: answers.report(tx, programme, as_known_at, lag))


@router.get("/cells")
async def cells(
    call: Annotated[Call, allow(Role.OPERATOR, Role.AUDITOR)],
    cut: Annotated[int, Query(ge=1, le=99)],
    measure: Annotated[str, Query(pattern=r"^[a-z_]{1,40}$")],
    after: Annotated[str | None, Query(max_length=200, pattern=r"^[\x20-\x7e]*$")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> views.Cells:
    """The stored cells of one cut and measure in key order."""
    return await call.query(lambda tx: answers.cells(tx, cut, measure, after, limit))
