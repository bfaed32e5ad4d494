"""A figure as a file. The rows are those of the answer itself: there is no second way to a number."""

from __future__ import annotations

import io
from typing import Literal

import polars as pl

from services.stats.views import Figure


def file_of(figure: Figure, form: Literal["csv", "parquet"]) -> bytes:
    """CSV (UTF-8, header row, codes and numbers only) or Parquet."""
    frame = frame_of(figure)
    if form == "csv":
        return frame.write_csv().encode()
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def frame_of(figure: Figure) -> pl.DataFrame:
    """A column per dimension, then the value and what the figure says of itself."""
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
    return pl.concat([frame, values], how="horizontal").with_columns(
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
