"""The fast fold: applies the same table of rules as the reference fold to a whole batch of raw records, in polars.

It takes the values as they lie in the log and builds no event. Records that it cannot read for certain it names, and the caller
has those decoded and folded one by one by the reference fold, so one bad record costs one record. The unit tests hold it equal
to the reference fold on random batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from services.stats.counting.block_encoding import CELL_KEYS, NO_CELLS, cells_from_frame
from services.stats.counting.cuts import AGE_BANDS, CUTS, DAY_BANDS, NOWHERE, Cut, Dimension
from services.stats.counting.measures import CUTS_OF, MEASURE, RULES, Rule
from services.stats.counting.record_patterns import type_and_subject
from services.stats.counting.record_reader import CODES, dimensions, has_departure_day, join_path, path_of, read_records
from services.stats.counting.reference_fold import EARLIEST, Cell
from shared.delivery.inbox import Raw
from shared.events import BY_TYPE

_COLUMN = {"person": "sex"}


@dataclass(frozen=True, slots=True)
class FoldResult:
    """`cells`: the columns of Cell and `value`, without values of 0. `in_spans`: rows that add to a cell with a day in a given span."""

    cells: pl.DataFrame
    applied: dict[str, tuple[int, datetime]]
    in_spans: tuple[int, ...] = ()


class Unreadable(Exception):
    """Records that only decode() and the reference fold can judge, by their rows in the batch."""

    def __init__(self, rows: Sequence[int]) -> None:
        super().__init__(f"{len(rows)} records, the first in row {rows[0]}")
        self.rows = frozenset(rows)


def fold_records(records: Sequence[Raw], spans: Sequence[tuple[date, date]] = ()) -> FoldResult:
    """The cells of a batch. Raises Unreadable with every record that has to be left out; without those the batch folds."""
    batch = read_records(records)
    by_rule = {rule: _contributions(batch.frames[rule.event], rule) for rule in RULES if rule.event in batch.frames}
    rows = pl.concat([_NO_DAYS, *(part.select(_NO_DAYS.columns) for part in by_rule.values())])
    absurd = rows.filter(_ABSURD_DAY)["row"].to_list()
    if batch.unread or absurd:
        raise Unreadable(sorted({*batch.unread, *absurd}))
    of_cuts = [(cut, [part for rule, part in by_rule.items() if cut in CUTS_OF[rule]]) for cut in CUTS]
    cells = pl.concat([NO_CELLS, *(_sum_by_cut(pl.concat(parts), cut) for cut, parts in of_cuts if parts)])
    within = [pl.col("day").is_between(first, last) for first, last in spans]
    in_spans = rows.filter(pl.any_horizontal(within))["row"].unique().sort().to_list() if within else []
    return FoldResult(cells.filter(pl.col("value") != 0), batch.applied, tuple(in_spans))


def fold(values: Sequence[bytes]) -> dict[Cell, int]:
    """The cells of raw values, each taken under the topic and key it names; cells of 0 are left out. Raises Unreadable."""
    return cells_from_frame(fold_frame(values))


def fold_frame(values: Sequence[bytes]) -> pl.DataFrame:
    """The same as a frame with the columns of Cell and `value`; several frames may be stacked and summed. Raises Unreadable."""
    return fold_records([_as_raw(value) for value in values]).cells


def sum_frames(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The cells of several folds added up."""
    return pl.concat([NO_CELLS, *frames]).group_by(CELL_KEYS).agg(pl.col("value").sum()).filter(pl.col("value") != 0)


def _as_raw(value: bytes) -> Raw:
    kind, subject = type_and_subject(value) or (b"", b"")
    event = BY_TYPE.get(kind.decode(errors="replace"))
    return (event.TOPIC if event else "", subject, value)


# --- rules ------------------------------------------------------------------------------------------------------------
_NO_DAYS = pl.DataFrame(schema={"row": pl.UInt32, "day": pl.Date, "recorded_on": pl.Date})
_ABSURD_DAY = pl.col("day").is_null() | (pl.col("day") < EARLIEST) | (pl.col("day") > pl.col("recorded_on") + timedelta(days=1))


def _contributions(part: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """A row per event to which the rule applies, with every code its cuts may need."""
    if rule.needs is not None:
        part = part.filter(pl.col(rule.day).is_not_null())
    if rule.since is not None:
        part = part.filter(pl.col(rule.since).is_not_null())
    if rule.when is not None:
        part = part.filter(pl.col(rule.when) == rule.flag)
    return part.select(
        "row",
        measure=pl.lit(MEASURE[rule.measure].code, pl.Int16),
        day=_day(rule),
        recorded_on="recorded_on",
        currency=pl.lit("") if rule.money is None else pl.col(f"{rule.money}.currency"),
        value=_amount(rule),
        **{_COLUMN.get(dimension, dimension): _code(rule, dimension) for dimension in CODES},
        age=_age(rule),
        days=_days(rule),
    ).filter(pl.col("value") != 0)  # this also drops null: an optional amount that is missing


def _amount(rule: Rule) -> pl.Expr:
    if rule.count is not None:
        return pl.col(rule.count) * rule.sign
    return pl.lit(rule.sign, pl.Int64) if rule.money is None else pl.col(f"{rule.money}.minor") * rule.sign


def _day(rule: Rule) -> pl.Expr:
    return _date(rule.day)


def _days(rule: Rule) -> pl.Expr:
    """The days from `since` to the day; 0 for a rule that counts no days."""
    return pl.lit(0, pl.Int64) if rule.since is None else (_day(rule) - _date(rule.since)).dt.total_days()


def _date(path: str) -> pl.Expr:
    """The day; for a wage period its first day; null where the calendar has no such day."""
    text = pl.col(path)
    return pl.when(text.str.len_bytes() == 7).then(text + "-01").otherwise(text).str.to_date("%Y-%m-%d", strict=False)


def _code(rule: Rule, dimension: Dimension) -> pl.Expr:
    return pl.col(path_of(rule, dimension)).fill_null(NOWHERE) if dimension in dimensions(rule) else pl.lit(NOWHERE)


def _age(rule: Rule) -> pl.Expr:
    """Years completed within the year of the departure, or of the day where the event has no departure."""
    if "person" not in dimensions(rule):
        return pl.lit(0, pl.Int64)
    text = pl.col(join_path(rule.codes, "departed_on")) if has_departure_day(rule) else pl.col(rule.day)
    return text.str.slice(0, 4).cast(pl.Int64) - pl.col(join_path(rule.codes, "birth_year"))


# --- cuts -------------------------------------------------------------------------------------------------------------
def _sum_by_cut(rows: pl.DataFrame, cut: Cut) -> pl.DataFrame:
    keyed = rows.select(
        ["measure", "day", "recorded_on", "currency", "value"],
        cut=pl.lit(cut.code, pl.Int16),
        k1=_key(cut.k1),
        k2=_key(cut.k2),
    )
    return keyed.group_by(CELL_KEYS).agg(pl.col("value").sum())


def _key(dimension: Dimension) -> pl.Expr:
    if dimension == "province":
        county = pl.col("county")
        return pl.when(county == NOWHERE).then(county).otherwise(county.str.slice(0, 2) + "0000")
    if dimension == "person":
        return pl.col("sex") + " " + _band(pl.col("age"), AGE_BANDS)
    if dimension == "days":
        return _band(pl.col("days"), DAY_BANDS)
    return pl.col(dimension)


def _band(number: pl.Expr, bands: Sequence[tuple[int, int]]) -> pl.Expr:
    name: pl.Expr = pl.lit(NOWHERE)
    for low, high in bands:
        name = pl.when(number.is_between(low, high)).then(pl.lit(f"{low}-{high}")).otherwise(name)
    return name
