"""Figures, the published form, exports, cells."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from services.stats.api.parameters import Asked, KnownAt, PeriodText, Reader
from services.stats.domain.periods import period_end, period_start
from services.stats.domain.questions import Question
from services.stats.figures.freshness import lag_of
from services.stats.usecases import cells as stored_cells
from services.stats.usecases import figures
from services.stats.views import exports
from services.stats.views.cells import Cells
from services.stats.views.figures import Figure, KnownFigure
from services.stats.views.measures import MeasureRow, measure_rows
from services.stats.views.monthly import Monthly
from shared.principals import Role
from shared.values import Day
from shared.web.call import Call, allow

router = APIRouter()
YearNumber = Annotated[int, Query(ge=1991, le=2199)]
_CSV, _PARQUET = "text/csv; charset=utf-8", "application/vnd.apache.parquet"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": _BINARY, _PARQUET: _BINARY}}}


@router.get("/measures")
async def list_measures(_: Reader) -> list[MeasureRow]:
    """Everything that can be asked for: what it counts, in which unit, by which dimensions together."""
    return measure_rows()


@router.get("/figures/monthly")
async def show_monthly(call: Reader, year: YearNumber, as_known_at: KnownAt = None) -> Monthly:
    """The published form: cumulative from January in two channels, stock at month end, change on the year before."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: figures.monthly(tx, year, as_known_at, lag))


@router.get("/figures/{measure}")  # noqa: FAST003  # _question reads it
async def show_figure(
    call: Reader,
    question: Asked,
    after: Annotated[str | None, Query(max_length=400, pattern=r"^[\x20-\x7e]*$")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> Figure:
    """Any measure, by any dimensions that one of its cuts has together; page by page where it has many points."""
    lag = await lag_of(call.service)
    return await call.query(lambda tx: figures.figure(tx, question, lag, after, limit))


@router.get("/figures/{measure}/known")
async def show_known_figure(
    call: Reader,
    measure: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")],
    since: Annotated[PeriodText, Query(alias="from")],
    to: PeriodText,
    on: Annotated[list[Day], Query(min_length=1, max_length=100, description="as known at the end of this day; may be repeated")],
) -> KnownFigure:
    """How a count became known: what it was at the end of each of these days, read at once."""
    question = Question(measure=measure, start=period_start(since), end=period_end(to))
    return await call.query(lambda tx: figures.known(tx, question, on))


@router.get("/figures/{measure}/export", response_class=StreamingResponse, responses=_FILES)  # noqa: FAST003
async def export_figure(
    call: Reader, question: Asked, form: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv"
) -> Response:
    """The same figure as a file: a row per point, with the answer's metadata in every row."""
    lag = await lag_of(call.service)
    head, points = await call.query(lambda tx: figures.export(tx, question, lag))
    kind = _CSV if form == "csv" else _PARQUET
    name = f"attachment; filename={question.measure}.{form}"
    return StreamingResponse(exports.file_of(head, points, form), media_type=kind, headers={"content-disposition": name})


@router.get("/cells")
async def list_cells(
    call: Annotated[Call, allow(Role.OPERATOR, Role.AUDITOR)],
    cut: Annotated[int, Query(ge=1, le=99)],
    measure: Annotated[str, Query(pattern=r"^[a-z_]{1,40}$")],
    after: Annotated[str | None, Query(max_length=200, pattern=r"^[\x20-\x7e]*$")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Cells:
    """The stored cells of one cut and measure in key order."""
    return await call.query(lambda tx: stored_cells.cells(tx, cut, measure, after, limit))
