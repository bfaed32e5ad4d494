"""Cells in columns, and the binary rows of the table `block`: one row per cut, measure, month and currency, written for COPY."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from services.stats.counting.cuts import CUTS
from services.stats.counting.reference_fold import Cell

CELL_KEYS = ["measure", "cut", "k1", "k2", "day", "recorded_on", "currency"]
CELL_TYPES: Mapping[str, pl.DataType] = {
    "measure": pl.Int16(),
    "cut": pl.Int16(),
    "k1": pl.Categorical(),
    "k2": pl.Categorical(),
    "day": pl.Date(),
    "recorded_on": pl.Date(),
    "currency": pl.Categorical(),
    "value": pl.Int64(),
}
BLOCK_CELLS = 8192  # at most in one block: 180 kB
_MONTHLY_CUTS = {cut.code for cut in CUTS if cut.monthly}
Numbers: TypeAlias = npt.NDArray[np.signedinteger[Any]]


def cells_from_frame(frame: pl.DataFrame) -> dict[Cell, int]:
    return {Cell(*row[:7]): row[7] for row in frame.select(*CELL_KEYS, "value").iter_rows()}


def frame_from_cells(cells: Mapping[Cell, int]) -> pl.DataFrame:
    return pl.DataFrame([(*cell, value) for cell, value in cells.items()], schema=CELL_TYPES, orient="row")


def key_words(cells: pl.DataFrame) -> set[str]:
    """Every string in the two keys of the cells; blocks hold their numbers from the table `word`."""
    return {*cells["k1"].unique(), *cells["k2"].unique()}


# --- PostgreSQL's binary COPY: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format" -----------------------
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_FIELDS = 12
_DAY_ZERO = (date(2000, 1, 1) - date(1970, 1, 1)).days
_TYPES = {2: (21, ">i2"), 4: (23, ">i4"), 8: (20, ">i8")}  # by size in bytes: oid of the type, and its byte order
_ARRAYS = {"days": 2, "recorded_ons": 4, "k1s": 4, "k2s": 4, "values": 8}  # size of an element in bytes
_SCALARS = struct.Struct(f">h{'ih' * 3}iii")  # generation, cut, measure, month, length of the currency
_COUNTS = struct.Struct(">i?ii")  # settled, cells
_ARRAY = struct.Struct(">iiiiii")  # length, dimensions, has nulls, oid, number of elements, index of the first


def encode_blocks(cells: pl.DataFrame, codes: Mapping[str, int], generation: int) -> bytes:
    """Rows for COPY in binary form; the columns are those of queries.blocks.COLUMNS.

    A block is a run of cells of one cut, measure, month and currency: sorted cells give the fewest.
    """
    if cells.is_empty():
        return _BEGIN + _END
    months, starts = _months_and_starts(cells)
    arrays = [(_elements(values, size), size) for values, size in zip(_columns(cells, months, codes), _ARRAYS.values(), strict=True)]
    heads = cells.select("cut", "measure", "currency")[starts].rows()
    written = [_BEGIN]
    for (cut, measure, currency), month, start, end in zip(heads, months[starts].tolist(), starts, [*starts[1:], len(cells)], strict=True):
        written += (
            _SCALARS.pack(_FIELDS, 2, generation, 2, cut, 2, measure, 4, month, len(currency)),
            currency.encode(),
            _COUNTS.pack(1, cut not in _MONTHLY_CUTS, 4, end - start),
        )
        for elements, size in arrays:
            each = size + 4
            written += (
                _ARRAY.pack(20 + (end - start) * each, 1, 0, _TYPES[size][0], end - start, 1),
                elements[start * each : end * each],
            )
    written.append(_END)
    return b"".join(written)


def _months_and_starts(cells: pl.DataFrame) -> tuple[Numbers, list[int]]:
    """Per cell the first day of its month, as days since 2000; and where each block starts."""
    days = _numbers(cells["day"])
    first_days = np.arange(days.min(), days.max() + 1).astype("M8[D]").astype("M8[M]").astype("M8[D]").astype(np.int64)
    months = first_days[days - days.min()] - _DAY_ZERO
    starts = np.arange(len(cells)) % BLOCK_CELLS == 0
    for numbers in (months, *(_numbers(cells[name]) for name in ("cut", "measure", "currency"))):
        starts[1:] |= numbers[1:] != numbers[:-1]
    return months, np.flatnonzero(starts).tolist()


def _columns(cells: pl.DataFrame, months: Numbers, codes: Mapping[str, int]) -> Iterator[Numbers]:
    """`days` of the month, `recorded_ons` as days after its first day, keys as numbers of the table `word`, values."""
    yield _numbers(cells["day"]) - (months + (_DAY_ZERO - 1))
    yield _numbers(cells["recorded_on"]) - (months + _DAY_ZERO)
    words = _numbers(pl.Series(list(codes), dtype=pl.Categorical))
    code_of = np.zeros(words.max() + 1, np.int64)
    code_of[words] = list(codes.values())
    yield code_of[_numbers(cells["k1"])]
    yield code_of[_numbers(cells["k2"])]
    yield cells["value"].to_numpy()


def _numbers(column: pl.Series) -> Numbers:
    """A day as days since 1970, a text as the number of its category."""
    return column.to_physical().to_numpy()


def _elements(values: Numbers, size: int) -> bytes:
    """The elements of an array, each preceded by its length."""
    written = np.empty(len(values), [("bytes", ">i4"), ("value", _TYPES[size][1])])
    written["bytes"], written["value"] = size, values
    return written.tobytes()
