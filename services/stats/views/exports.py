"""A figure as a file. The rows are those of the answer itself: there is no second way to a number."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Literal

import polars as pl

from services.stats.figures.shaping import Point
from services.stats.views.figures import Figure, values

ROWS = 10_000  # turned into bytes at a time


def file_of(head: Figure, points: Sequence[Point], form: Literal["csv", "parquet"]) -> Iterator[bytes]:
    """CSV (UTF-8, header row, codes and numbers only) or Parquet, piece by piece. `head`: what every row says of the figure.

    CSV is made as it is sent; a Parquet file says at its end where its columns are, so it is made whole.
    """
    parts = range(0, max(len(points), 1), ROWS)
    if form == "csv":
        for start in parts:
            yield frame_of(_part(head, points[start : start + ROWS])).write_csv(include_header=start == 0).encode()
        return
    buffer = io.BytesIO()
    pl.concat([frame_of(_part(head, points[start : start + ROWS])) for start in parts]).write_parquet(buffer)
    buffer.seek(0)
    yield from iter(lambda: buffer.read(2**20), b"")


def _part(head: Figure, points: Sequence[Point]) -> Figure:
    return head.model_copy(update={"points": values(head.measure, points)})


_DERIVED = ("num", "den", "median_from", "median_to", "p90_from", "p90_to")  # of a quotient; percentiles of durations, in days


def frame_of(figure: Figure) -> pl.DataFrame:
    """A column per dimension, then the value, what the figure says of itself, and what is read from quotients and durations."""
    dimensions = list(figure.points[0].of) if figure.points else []
    columns = {name: [point.of[name] for point in figure.points] for name in dimensions}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(dimensions, pl.String))
    values = pl.DataFrame(
        {
            "value": [point.value for point in figure.points],
            "currency": [point.currency for point in figure.points],
            "fen": [point.fen for point in figure.points],
            "pending": [point.pending for point in figure.points],
        },
        schema={"value": pl.Int64, "currency": pl.String, "fen": pl.String, "pending": pl.Int64},
    )
    derived = pl.DataFrame(
        {
            "num": [point.ratio[0] if point.ratio else None for point in figure.points],
            "den": [point.ratio[1] if point.ratio else None for point in figure.points],
            "median_from": [point.median_days[0] if point.median_days else None for point in figure.points],
            "median_to": [point.median_days[1] if point.median_days else None for point in figure.points],
            "p90_from": [point.p90_days[0] if point.p90_days else None for point in figure.points],
            "p90_to": [point.p90_days[1] if point.p90_days else None for point in figure.points],
        },
        schema=dict.fromkeys(_DERIVED, pl.Int64),
    )
    described = pl.concat([frame, values], how="horizontal").with_columns(
        pl.lit(figure.measure).alias("measure"),
        pl.lit(figure.unit).alias("unit"),
        pl.lit(figure.start).alias("from"),
        pl.lit(figure.end).alias("to"),
        pl.lit(figure.as_known_at, pl.Date).alias("as_known_at"),
        pl.lit(figure.complete_through.isoformat() if figure.complete_through else None, pl.String).alias("complete_through"),
        pl.lit(figure.lag_seconds).alias("lag_seconds"),
        pl.lit(figure.parked).alias("parked"),
        pl.lit(figure.definition).alias("definition"),
    )
    return pl.concat([described, derived], how="horizontal")
