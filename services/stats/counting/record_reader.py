"""Raw records as columns: of every event class what the rules read, and nothing of what decode() would refuse.

Records that are laid out alike are taken together, the others one by one by the class's pattern; a record that has none, or
does not match it, or lies under another topic or key, is `odd`: somebody else has to judge it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import polars as pl

from services.stats.counting import record_layouts
from services.stats.counting.measures import CUTS_OF, RULES, SOURCES, Dimension, Rule, part_class
from services.stats.counting.record_layouts import Alike
from services.stats.counting.record_patterns import Pattern, class_of, pattern
from shared.delivery.inbox import Raw
from shared.events import Event
from shared.values import PROGRAMME_ZONE

# "province" is read as the county, "person" as the sex.
CODES: tuple[Dimension, ...] = ("county", "designation", "destination", "occupation", "enterprise", "channel", "person")
_AHEAD_HOURS = int(PROGRAMME_ZONE.utcoffset(None).total_seconds()) // 3600


@dataclass(frozen=True, slots=True)
class Batch:
    """`frames`: per class `row` (the place in the batch), `recorded_on`, and a column per path. `odd`: the rows that are in none.

    `applied`: per topic how many were read, and the newest time among them.
    """

    frames: dict[type[Event], pl.DataFrame]
    odd: tuple[int, ...]
    applied: dict[str, tuple[int, datetime]]


Parts = dict[type[Event], list[pl.DataFrame]]  # `row`, and a column per name as it stands in the log


def read(records: Sequence[Raw]) -> Batch:
    """Never raises for what a record holds."""
    found, rest = record_layouts.sort_out(records)
    parts: Parts = {}
    for same in found:
        parts.setdefault(same.layout.reads.event, []).append(_together(same))
    odd = tuple(_one_by_one(records, rest, parts))
    frames = {event: _frame(event, pl.concat(columns, how="diagonal")) for event, columns in parts.items()}
    return Batch(frames, odd, _applied(frames))


def _together(same: Alike) -> pl.DataFrame:
    """Every value lies in the same place behind the beginning of its record."""
    rows, begins, text = pl.Series(same.rows, dtype=pl.UInt32), pl.Series(same.begins), same.text.new_from_index(0, len(same.rows))
    places = pl.DataFrame({"row": rows, "begin": begins, "text": text})
    spans = {name: same.layout.spans.get(name) for name in names(same.layout.reads.event)}
    return places.select(
        "row",
        *(
            (pl.col("text").bin.slice(pl.col("begin") + span[0], span[1] - span[0]) if span else pl.lit(None, pl.Binary)).alias(name)
            for name, span in spans.items()
        ),
    )


def _one_by_one(records: Sequence[Raw], rows: Iterable[int], parts: Parts) -> Iterator[int]:
    """Each by the pattern of its class; returns those that match none, or lie elsewhere."""
    found: dict[Pattern, list[tuple[int | bytes | None, ...]]] = {}
    for row in rows:
        topic, key, value = records[row]
        reads = _reads(value) if value is not None and (value.isascii() or is_text(value)) else None
        match = reads.match(value) if reads else None
        if reads is None or match is None or match[1] != key or topic != reads.event.TOPIC:
            yield row
        else:
            found.setdefault(reads, []).append((row, *match.groups()))
    for reads, taken in found.items():
        columns = {
            name: pl.Series(column, dtype=pl.UInt32 if name == "row" else pl.Binary)
            for name, column in zip(("row", *reads.names), zip(*taken, strict=True), strict=True)
        }
        parts.setdefault(reads.event, []).append(pl.DataFrame(columns))


def _reads(value: bytes) -> Pattern | None:
    event = class_of(value)
    return _pattern(event) if event else None


def is_text(value: bytes) -> bool:
    """A pattern over bytes lets through what is no UTF-8."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def _pattern(event: type[Event]) -> Pattern | None:
    return pattern(event, names(event))


@cache
def names(event: type[Event]) -> tuple[str, ...]:
    """Whatever a rule reads of an event."""
    return tuple({"subject", "time"} | {path for rule in RULES if rule.event is event for path, _ in leaves(rule)})


def _frame(event: type[Event], columns: pl.DataFrame) -> pl.DataFrame:
    kinds = {path: kind for rule in RULES if rule.event is event for path, kind in leaves(rule)}
    time = pl.col("time").cast(pl.String)
    hour = time.str.slice(11, 2).cast(pl.Int8)
    return columns.with_columns(
        time.str.strip_suffix("Z"),
        (time.str.slice(0, 10).str.to_date("%Y-%m-%d") + pl.duration(days=(hour + _AHEAD_HOURS) // 24)).alias("recorded_on"),
        *(_typed(event, path, kind) for path, kind in kinds.items()),
    )


def _typed(event: type[Event], path: str, kind: pl.DataType) -> pl.Expr:
    text = pl.col(path).cast(pl.String)
    if kind != pl.Boolean():
        return text.cast(kind).alias(path)
    return (text == "true").fill_null(_default(event, path)).alias(path)


def _applied(frames: dict[type[Event], pl.DataFrame]) -> dict[str, tuple[int, datetime]]:
    counts: Counter[str] = Counter()
    newest: dict[str, str] = {}
    for event, frame in frames.items():
        counts[event.TOPIC] += frame.height
        newest[event.TOPIC] = max(newest.get(event.TOPIC, ""), str(frame["time"].max()))
    return {topic: (count, datetime.fromisoformat(f"{newest[topic]}+00:00")) for topic, count in counts.items()}


# --- what the rules read ------------------------------------------------------------------------------------------------
def leaves(rule: Rule) -> list[tuple[str, pl.DataType]]:
    """Path and kind of every value a rule reads."""
    found: list[tuple[str, pl.DataType]] = [(rule.day, pl.String())]
    if rule.when is not None:
        found.append((rule.when, pl.Boolean()))
    if rule.since is not None:
        found.append((rule.since, pl.String()))
    if rule.money is not None:
        found += [(f"{rule.money}.minor", pl.Int64()), (f"{rule.money}.currency", pl.String())]
    if rule.count is not None:
        found.append((rule.count, pl.Int64()))
    found += [(path_of(rule, dimension), pl.String()) for dimension in dimensions(rule)]
    if "person" in dimensions(rule):
        found.append((join(rule.codes, "birth_year"), pl.Int64()))
        if departs(rule):
            found.append((join(rule.codes, "departed_on"), pl.String()))
    return found


def join(left: str, right: str) -> str:
    return f"{left}.{right}" if left else right


def path_of(rule: Rule, dimension: Dimension) -> str:
    return join(rule.codes, ".".join(SOURCES[dimension]))


@cache
def dimensions(rule: Rule) -> tuple[Dimension, ...]:
    """What the cuts of a rule read, "province" being read as the county."""
    needed = {key for cut in CUTS_OF[rule] for key in (cut.k1, cut.k2)}
    return tuple(dimension for dimension in CODES if dimension in needed or (dimension == "county" and "province" in needed))


@cache
def departs(rule: Rule) -> bool:
    """Whether the part that carries the codes says when the departure was."""
    cls = part_class(rule.event, rule.codes)
    return cls is not None and "departed_on" in cls.model_fields


@cache
def _default(event: type[Event], path: str) -> bool:
    """Of a flag that was added later, and is missing in older records."""
    owner, _, name = path.rpartition(".")
    cls = part_class(event, owner)
    return cls is not None and cls.model_fields[name].default is True
