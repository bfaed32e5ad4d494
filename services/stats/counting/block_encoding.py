"""Cells in columns, and the binary rows of the table `block`: one row per cut, measure, month and currency, written for COPY."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import date
from itertools import accumulate

import numpy as np
import polars as pl

from services.stats.counting.cuts import CUTS
from services.stats.counting.reference_fold import Cell

CELL_KEYS = ["measure", "cut", "k1", "k2", "day", "recorded_on", "currency"]
NO_CELLS = pl.DataFrame(
    schema={
        "measure": pl.Int16,
        "cut": pl.Int16,
        "k1": pl.String,
        "k2": pl.String,
        "day": pl.Date,
        "recorded_on": pl.Date,
        "currency": pl.String,
        "value": pl.Int64,
    }
)
BLOCK_CELLS = 8192  # at most in one block: 180 kB
_MONTHLY_CUTS = [cut.code for cut in CUTS if cut.monthly]


def cells_from_frame(frame: pl.DataFrame) -> dict[Cell, int]:
    return {Cell(*row[:7]): row[7] for row in frame.select(*CELL_KEYS, "value").iter_rows()}


def frame_from_cells(cells: Mapping[Cell, int]) -> pl.DataFrame:
    return pl.DataFrame([(*cell, value) for cell, value in cells.items()], schema=NO_CELLS.schema, orient="row")


def key_words(cells: pl.DataFrame) -> set[str]:
    """Every string in the two keys of the cells; blocks hold their numbers from the table `word`."""
    return {*cells["k1"].unique(), *cells["k2"].unique()}


# --- PostgreSQL's binary COPY: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format" -----------------------
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_FIELDS = 12
_DAY_ZERO = date(2000, 1, 1)
_TYPES = {2: (21, ">i2"), 4: (23, ">i4"), 8: (20, ">i8")}  # by size in bytes: oid of the type, and its byte order
_ARRAYS = {"days": 2, "recorded_ons": 4, "k1s": 4, "k2s": 4, "values": 8}  # size of an element in bytes
_SCALARS = struct.Struct(f">h{'ih' * 3}iii")  # generation, cut, measure, month, length of the currency
_COUNTS = struct.Struct(">i?ii")  # settled, cells
_ARRAY = struct.Struct(">iiiiii")  # length, dimensions, has nulls, oid, number of elements, index of the first


def encode_blocks(cells: pl.DataFrame, codes: Mapping[str, int], generation: int) -> bytes:
    """Rows for COPY in binary form; the columns are those of queries.blocks.COLUMNS."""
    grouped = _group_into_blocks(cells, codes)
    counts = grouped["cells"].to_list()
    ends = list(accumulate(counts))
    arrays = [(_elements(grouped[name].explode(), size), size) for name, size in _ARRAYS.items()]
    written = [_BEGIN]
    for cut, measure, month, currency, settled, count, end in zip(
        *grouped.select("cut", "measure", "month", "currency", "settled"), counts, ends, strict=True
    ):
        written += (
            _SCALARS.pack(_FIELDS, 2, generation, 2, cut, 2, measure, 4, month, len(currency)),
            currency.encode(),
            _COUNTS.pack(1, settled, 4, count),
        )
        for elements, size in arrays:
            each = size + 4
            written += (
                _ARRAY.pack(20 + count * each, 1, 0, _TYPES[size][0], count, 1),
                elements[(end - count) * each : end * each],
            )
    written.append(_END)
    return b"".join(written)


def _group_into_blocks(cells: pl.DataFrame, codes: Mapping[str, int]) -> pl.DataFrame:
    """A row per block: `days` of the month, `recorded_ons` as days after its first day, keys as numbers of the table `word`."""
    month = pl.col("day").dt.truncate("1mo")
    words, numbers = pl.Series(list(codes), dtype=pl.String), pl.Series(list(codes.values()), dtype=pl.Int32)
    numbered = cells.with_columns(
        (month - _DAY_ZERO).dt.total_days().alias("month"),
        pl.col("day").dt.day(),
        (pl.col("recorded_on") - month).dt.total_days(),
        pl.col("k1").replace_strict(words, numbers),
        pl.col("k2").replace_strict(words, numbers),
    ).with_columns(part=pl.int_range(pl.len()).over("cut", "measure", "month", "currency") // BLOCK_CELLS)
    return numbered.group_by("cut", "measure", "month", "currency", "part").agg(
        pl.col("cut").is_in(_MONTHLY_CUTS).not_().first().alias("settled"),
        pl.len().alias("cells"),
        *(pl.col(name).alias(f"{name}s") for name in ("day", "recorded_on", "k1", "k2", "value")),
    )


def _elements(values: pl.Series, size: int) -> bytes:
    """The elements of an array, each preceded by its length."""
    written = np.empty(len(values), [("bytes", ">i4"), ("value", _TYPES[size][1])])
    written["bytes"], written["value"] = size, values.to_numpy()
    return written.tobytes()
