"""Cells in columns, as the database keeps them: one block per cut, measure, month and currency, written as CSV for COPY."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from services.stats.fold import Cell
from services.stats.measures import CUTS

CELL_KEYS = ["measure", "cut", "k1", "k2", "day", "recorded_on", "currency"]
EMPTY = pl.DataFrame(
    schema={
        "measure": pl.Int16, "cut": pl.Int16, "k1": pl.String, "k2": pl.String, "day": pl.Date, "recorded_on": pl.Date,
        "currency": pl.String, "value": pl.Int64,
    }
)  # fmt: skip
BLOCK_CELLS = 8192  # at most in one block: 180 kB
_KEPT = [cut.code for cut in CUTS if cut.monthly]


def as_cells(frame: pl.DataFrame) -> dict[Cell, int]:
    return {Cell(*row[:7]): row[7] for row in frame.select(*CELL_KEYS, "value").iter_rows()}


def as_frame(cells: Mapping[Cell, int]) -> pl.DataFrame:
    return pl.DataFrame([(*cell, value) for cell, value in cells.items()], schema=EMPTY.schema, orient="row")


def words(cells: pl.DataFrame) -> set[str]:
    """Every code that cells are keyed by."""
    return {*cells["k1"].unique(), *cells["k2"].unique()}


def blocks(cells: pl.DataFrame, codes: Mapping[str, int], generation: int) -> bytes:
    """Lines for COPY; the columns are those of blocks.BLOCK_COLUMNS."""
    month = pl.col("day").dt.truncate("1mo")
    names, numbers = pl.Series(list(codes), dtype=pl.String), pl.Series(list(codes.values()), dtype=pl.Int32)

    def column(expression: pl.Expr) -> pl.Expr:
        return pl.lit("{") + expression.cast(pl.String).str.join(",") + pl.lit("}")

    parts = cells.with_columns(
        month.alias("month"), pl.col("day").dt.day(), (pl.col("recorded_on") - month).dt.total_days(),
        pl.col("k1").replace_strict(names, numbers), pl.col("k2").replace_strict(names, numbers),
    ).with_columns(part=pl.int_range(pl.len()).over("cut", "measure", "month", "currency") // BLOCK_CELLS)  # fmt: skip
    grouped = parts.group_by("cut", "measure", "month", "currency", "part").agg(
        pl.col("cut").is_in(_KEPT).not_().first().alias("settled"), pl.len().alias("cells"),
        *(column(pl.col(name)).alias(f"{name}s") for name in ("day", "recorded_on", "k1", "k2", "value")),
    )  # fmt: skip
    return (
        grouped.select(
            pl.lit(generation), "cut", "measure", "month", "currency", "settled", "cells", "days", "recorded_ons", "k1s", "k2s", "values"
        )
        .write_csv(separator="|", include_header=False, quote_style="necessary")
        .encode()
    )
