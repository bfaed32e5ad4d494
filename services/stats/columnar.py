"""The fast fold: the same table of rules as the reference fold, over a whole batch of raw records at once, in polars.

It reads the values as they lie in the log and never builds an event. What it cannot read for certain it does not guess:
it raises Unreadable, and the caller folds that batch record by record with the reference fold, so that one bad record
costs one record. The unit tests hold it equal to the reference fold on random batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import polars as pl

from services.stats.fold import EARLIEST, Cell
from services.stats.measures import (
    AGE_BANDS,
    CUTS,
    CUTS_OF,
    DAY_BANDS,
    MEASURE,
    NOWHERE,
    RULES,
    SOURCES,
    Cut,
    Dimension,
    Rule,
    part_class,
)
from shared.events import Data
from shared.values import PROGRAMME_ZONE, Channel, Designation, Sex

CELL_KEYS = ["measure", "cut", "k1", "k2", "day", "recorded_on", "currency"]
ALLOWED = {
    "designation": [each.value for each in Designation],
    "channel": [each.value for each in Channel],
    "sex": [each.value for each in Sex],
}
_READ: tuple[Dimension, ...] = ("county", "designation", "destination", "occupation", "enterprise", "channel", "person")
_COLUMN = {"person": "sex"}


class Unreadable(Exception):
    """The batch holds a record that only the reference fold can judge."""


def fold(values: Sequence[bytes]) -> dict[Cell, int]:
    """The cells of a batch of raw records; cells that come to nothing are left out. Raises Unreadable."""
    frame = fold_frame(values)
    return {Cell(*row[:7]): row[7] for row in frame.iter_rows()}


def fold_frame(values: Sequence[bytes]) -> pl.DataFrame:
    """The same as a frame with the columns of Cell and `value`; several frames may be stacked and summed. Raises Unreadable."""
    if not values:
        return _EMPTY
    rows = _contributions(_read(values))
    if rows.height == 0:
        return _EMPTY
    frames = [_cut(rows, cut) for cut in CUTS]
    return pl.concat(frames).filter(pl.col("value") != 0)


def add_up(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The sums of several folds."""
    return pl.concat([_EMPTY, *frames]).group_by(CELL_KEYS).agg(pl.col("value").sum()).filter(pl.col("value") != 0)


_EMPTY = pl.DataFrame(
    schema={
        "measure": pl.Int16, "cut": pl.Int16, "k1": pl.String, "k2": pl.String, "day": pl.Date, "recorded_on": pl.Date,
        "currency": pl.String, "value": pl.Int64,
    }
)  # fmt: skip


# --- reading ----------------------------------------------------------------------------------------------------------
def _read(values: Sequence[bytes]) -> pl.DataFrame:
    joined = b"\n".join(values)
    if joined.count(b"\n") != len(values) - 1:
        raise Unreadable("a record holds a line break")
    try:
        frame = pl.read_ndjson(joined, schema=_schema())
        moments = pl.col("time").str.to_datetime("%+", time_unit="us", time_zone="UTC")
        local = moments.dt.convert_time_zone("UTC") + PROGRAMME_ZONE.utcoffset(None)
        frame = frame.with_columns(recorded_on=local.dt.date())
    except pl.exceptions.PolarsError as error:
        raise Unreadable(str(error)) from error
    if frame.height != len(values) or frame["type"].null_count() or frame["recorded_on"].null_count():
        raise Unreadable("a record is no event")
    return frame


@cache
def _schema() -> pl.Schema:
    """Only what the rules read; polars skips the rest of every record."""
    tree: dict[str, Any] = {}
    for rule in RULES:
        for path, kind in _leaves(rule):
            _plant(tree, path.split("."), kind)
    return pl.Schema({"type": pl.String(), "time": pl.String(), "data": _struct(tree)})


def _leaves(rule: Rule) -> list[tuple[str, pl.DataType]]:
    found: list[tuple[str, pl.DataType]] = [(rule.day, pl.String())]
    if rule.when is not None:
        found.append((rule.when, pl.Boolean()))
    if rule.since is not None:
        found.append((rule.since, pl.String()))
    if rule.money is not None:
        found += [(f"{rule.money}.minor", pl.Int64()), (f"{rule.money}.currency", pl.String())]
    if rule.count is not None:
        found.append((rule.count, pl.Int64()))
    found += [(_path(rule, dimension), pl.String()) for dimension in _dimensions(rule)]
    if "person" in _dimensions(rule):
        found.append((_join(rule.codes, "birth_year"), pl.Int64()))
        if _departs(rule):
            found.append((_join(rule.codes, "departed_on"), pl.String()))
    return found


def _plant(tree: dict[str, Any], path: list[str], kind: pl.DataType) -> None:
    if len(path) == 1:
        tree[path[0]] = kind
    else:
        _plant(tree.setdefault(path[0], {}), path[1:], kind)


def _struct(tree: dict[str, Any]) -> pl.Struct:
    return pl.Struct({name: _struct(kind) if isinstance(kind, dict) else kind for name, kind in tree.items()})


# --- rules ------------------------------------------------------------------------------------------------------------
def _contributions(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per event and rule that applies, with every code the cuts of that rule need."""
    frames = []
    by_type = {str(name[0]): part for name, part in frame.partition_by("type", as_dict=True).items()}
    for index, rule in enumerate(RULES):
        part = by_type.get(rule.event.type_name())
        if part is not None:
            frames.append(_applied(part, rule, index))
    return pl.concat(frames) if frames else pl.DataFrame()


def _applied(part: pl.DataFrame, rule: Rule, index: int) -> pl.DataFrame:
    if rule.needs is not None:
        part = part.filter(_at(rule.day).is_not_null())
    if rule.since is not None and _optional(rule.event, rule.since):
        part = part.filter(_at(rule.since).is_not_null())
    if rule.when is not None:
        part = part.filter(_flag(part, rule, rule.when))
    rows = part.select(
        rule=pl.lit(index, pl.Int16),
        measure=pl.lit(MEASURE[rule.measure].code, pl.Int16),
        day=_day(rule),
        recorded_on="recorded_on",
        currency=pl.lit("") if rule.money is None else _at(f"{rule.money}.currency"),
        value=_amount(rule),
        **{_COLUMN.get(dimension, dimension): _code(rule, dimension) for dimension in _READ},
        age=_age(rule),
        days=_days(rule),
    )
    if rule.money is not None and rule.needs is None and _optional(rule.event, rule.money):
        rows = rows.filter(pl.col("value").is_not_null())
    _check(rows, rule)
    return rows.filter(pl.col("value") != 0)


def _flag(part: pl.DataFrame, rule: Rule, path: str) -> pl.Expr:
    """A flag that came later is left out of older events, which have its default. Raises Unreadable where it must be there."""
    default = _default(rule.event, path)
    if default is None and part.height and part.select(_at(path).is_null().any()).item():
        raise Unreadable(f"{path} is missing")
    return (_at(path) if default is None else _at(path).fill_null(default)) == rule.flag


def _check(rows: pl.DataFrame, rule: Rule) -> None:
    """What decoding would refuse, or the reference fold reject, is not counted here."""
    if rows.height == 0:
        return
    late = pl.col("day") > pl.col("recorded_on") + timedelta(days=1)
    wrong = [pl.col("day").is_null() | (pl.col("day") < EARLIEST) | late, pl.col("value").is_null(), pl.col("currency").is_null()]
    for dimension in _dimensions(rule):
        column = _COLUMN.get(dimension, dimension)
        if not _optional(rule.event, _path(rule, dimension)):
            wrong.append(pl.col(column).is_null() | (pl.col(column) == NOWHERE))
        if column in ALLOWED:
            wrong.append(~pl.col(column).is_in([*ALLOWED[column], NOWHERE]))
    if "person" in _dimensions(rule):
        wrong.append(pl.col("age").is_null())
    if rule.since is not None:
        wrong.append(pl.col("days").is_null())
    if rows.select(pl.any_horizontal(condition.any() for condition in wrong)).item():
        raise Unreadable(f"{rule.event.__name__}: {rule.measure}")


def _amount(rule: Rule) -> pl.Expr:
    if rule.money is not None:
        return _at(f"{rule.money}.minor") * rule.sign
    return pl.lit(rule.sign, pl.Int64) if rule.count is None else _at(rule.count) * rule.sign


def _day(rule: Rule) -> pl.Expr:
    return _date(rule.day)


def _date(path: str) -> pl.Expr:
    text = _at(path)
    return pl.when(text.str.len_bytes() == 7).then(text + "-01").otherwise(text).str.to_date("%Y-%m-%d", strict=False)


def _days(rule: Rule) -> pl.Expr:
    """The days from `since` to the day; 0 where nobody asks."""
    return pl.lit(0, pl.Int64) if rule.since is None else (_day(rule) - _date(rule.since)).dt.total_days()


def _code(rule: Rule, dimension: Dimension) -> pl.Expr:
    if dimension not in _dimensions(rule):
        return pl.lit(NOWHERE)
    path = _path(rule, dimension)
    return _at(path).fill_null(NOWHERE) if _optional(rule.event, path) else _at(path)


def _age(rule: Rule) -> pl.Expr:
    """Completed years within the year of the departure, or of the day where there is none."""
    if "person" not in _dimensions(rule):
        return pl.lit(0, pl.Int64)
    text = _at(_join(rule.codes, "departed_on")) if _departs(rule) else _at(rule.day)
    return text.str.slice(0, 4).cast(pl.Int64, strict=False) - _at(_join(rule.codes, "birth_year"))


# --- cuts -------------------------------------------------------------------------------------------------------------
def _cut(rows: pl.DataFrame, cut: Cut) -> pl.DataFrame:
    rules = [index for index, rule in enumerate(RULES) if cut in CUTS_OF[rule]]
    named = rows.filter(pl.col("rule").is_in(rules)).select(
        "measure", pl.lit(cut.code, pl.Int16).alias("cut"), _key(cut.k1).alias("k1"), _key(cut.k2).alias("k2"), "day", "recorded_on",
        "currency", "value",
    )  # fmt: skip
    return named.group_by(CELL_KEYS).agg(pl.col("value").sum())


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
    named: pl.Expr = pl.lit(NOWHERE)
    for low, high in bands:
        named = pl.when(number.is_between(low, high)).then(pl.lit(f"{low}-{high}")).otherwise(named)
    return named


# --- paths ------------------------------------------------------------------------------------------------------------
def _at(path: str) -> pl.Expr:
    found = pl.col("data")
    for name in path.split("."):
        found = found.struct.field(name)
    return found


def _join(left: str, right: str) -> str:
    return f"{left}.{right}" if left else right


def _path(rule: Rule, dimension: Dimension) -> str:
    return _join(rule.codes, ".".join(SOURCES[dimension]))


@cache
def _dimensions(rule: Rule) -> tuple[Dimension, ...]:
    """What the cuts of a rule read, "province" being read as the county."""
    needed = {key for cut in CUTS_OF[rule] for key in (cut.k1, cut.k2)}
    return tuple(dimension for dimension in _READ if dimension in needed or (dimension == "county" and "province" in needed))


@cache
def _departs(rule: Rule) -> bool:
    cls = part_class(rule.event, rule.codes)
    return cls is not None and "departed_on" in cls.model_fields


@cache
def _optional(event: type[Data], path: str) -> bool:
    """Whether any field on the way may be None."""
    names = path.split(".")
    for depth, name in enumerate(names):
        owner = part_class(event, ".".join(names[:depth]))
        if owner is not None and type(None) in getattr(owner.model_fields[name].annotation, "__args__", ()):
            return True
        if owner is None or depth + 1 == len(names):
            break
    return False


@cache
def _default(event: type[Data], path: str) -> bool | None:
    """What a flag is where the event leaves it out; None: it must be there."""
    owner, _, name = path.rpartition(".")
    cls = part_class(event, owner)
    default = cls.model_fields[name].default if cls is not None else None
    return default if isinstance(default, bool) else None
