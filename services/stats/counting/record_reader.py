"""Raw records as columns: per event class the values that the rules read, only from records that decode() would accept.

Records that share a byte layout are read as a group, the others one by one by the pattern of their class. A record without a
pattern, or that does not match it, or lies under another topic or key, is `unread`: the caller has it decoded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter

import numpy as np
import polars as pl

from services.stats.counting import record_layouts
from services.stats.counting.cuts import NOWHERE, Dimension
from services.stats.counting.measures import CUTS_OF, RULES, SOURCES, Rule, part_class
from services.stats.counting.record_layouts import LayoutGroup
from services.stats.counting.record_patterns import Pattern, build_pattern, event_class_of
from shared.delivery.raw_records import Bytes, Integers, Raw, raw_records
from shared.events import Event
from shared.events.canary import EVENTS as CANARIES
from shared.values import PROGRAMME_ZONE

# The dimensions as they stand in events: "province" is read as the county, "person" as the sex.
CODES: tuple[Dimension, ...] = (
    "county",
    "designation",
    "destination",
    "occupation",
    "enterprise",
    "channel",
    "person",
    "payer",
    "grade",
    "outreach_channel",
)
ZONE_HOURS = int(PROGRAMME_ZONE.utcoffset(None).total_seconds()) // 3600


@dataclass(frozen=True, slots=True)
class RecordColumns:
    """`frames`: per class `row` (the index in the batch), `recorded_on`, and a column per path. `unread`: the rows that are in none.

    `applied`: per topic how many were read, canaries left out, and the newest time among them all.
    """

    frames: dict[type[Event], pl.DataFrame]
    unread: tuple[int, ...]
    applied: dict[str, tuple[int, datetime]]


Parts = dict[type[Event], list[pl.DataFrame]]  # `row`, and a column per path with the text as it stands in the log


def read_records(records: Sequence[Raw]) -> RecordColumns:
    """Never raises for what a record holds."""
    columns, rest = raw_records(records), list[int]()
    parts = _read_groups(record_layouts.groups(columns, rest))
    unread = tuple(_read_each(columns, sorted(rest), parts))
    frames = {event: _frame(event, pl.concat([_no_texts(event), *read], how="diagonal")) for event, read in parts.items()}
    return RecordColumns(frames, unread, _applied(frames))


def _read_groups(groups: Iterable[LayoutGroup]) -> Parts:
    parts: Parts = {}
    for layout, same in groupby(groups, attrgetter("layout")):
        paths = [path for path in paths_read(layout.pattern.event) if path in layout.spans and path != "subject"]  # no rule reads it
        rows = list[Integers]()
        texts: dict[str, list[Bytes]] = {path: [] for path in paths}
        for group in same:
            rows.append(group.rows)
            for path in paths:
                texts[path].append(group.texts(path))
        columns = {path: _series(np.concatenate(values)) for path, values in texts.items()}
        read = pl.DataFrame({"row": pl.Series(np.concatenate(rows), dtype=pl.UInt32), **columns})
        parts.setdefault(layout.pattern.event, []).append(read)
    return parts


def _series(texts: Bytes) -> pl.Series:
    """A text from each row of bytes, without a Python object for any."""
    return pl.Series(texts).cast(pl.List(pl.UInt8)).cast(pl.Binary)


def _read_each(records: Sequence[Raw], rows: Iterable[int], parts: Parts) -> Iterator[int]:
    """Read each record by the pattern of its class. Yields the rows that match none, or lie under another topic or key."""
    found: dict[Pattern, list[tuple[int | bytes | None, ...]]] = {}
    for row in rows:
        topic, key, value = records[row]
        pattern = _pattern_of(value) if value is not None and (value.isascii() or is_utf8(value)) else None
        match = pattern.match(value) if pattern else None
        if pattern is None or match is None or match[1] != key or topic != pattern.event.TOPIC:
            yield row
        else:
            found.setdefault(pattern, []).append((row, *match.groups()))
    for pattern, values in found.items():
        columns = {
            name: pl.Series(column, dtype=pl.UInt32 if name == "row" else pl.Binary)
            for name, column in zip(("row", *pattern.names), zip(*values, strict=True), strict=True)
        }
        parts.setdefault(pattern.event, []).append(pl.DataFrame(columns))


def _pattern_of(value: bytes) -> Pattern | None:
    event = event_class_of(value)
    return _pattern(event) if event else None


def is_utf8(value: bytes) -> bool:
    """A pattern over bytes also matches what is not UTF-8."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def _no_texts(event: type[Event]) -> pl.DataFrame:
    """Every path that the rules read: null in the records that lack it."""
    return pl.DataFrame(schema={"row": pl.UInt32, **dict.fromkeys(paths_read(event), pl.Binary)})


@cache
def _pattern(event: type[Event]) -> Pattern | None:
    return build_pattern(event, paths_read(event))


@cache
def paths_read(event: type[Event]) -> tuple[str, ...]:
    """The paths of every value that some rule reads of an event."""
    return tuple({"subject", "time"} | {path for rule in RULES if rule.event is event for path, _ in columns_of(rule)})


def _frame(event: type[Event], columns: pl.DataFrame) -> pl.DataFrame:
    types = {path: kind for rule in RULES if rule.event is event for path, kind in columns_of(rule)}
    time = pl.col("time").cast(pl.String)
    hour = time.str.slice(11, 2).cast(pl.Int8)
    return columns.with_columns(
        time.str.strip_suffix("Z"),
        (time.str.slice(0, 10).str.to_date("%Y-%m-%d") + pl.duration(days=(hour + ZONE_HOURS) // 24)).alias("recorded_on"),
        *(_typed(event, path, kind) for path, kind in types.items()),
    )


def _typed(event: type[Event], path: str, kind: pl.DataType) -> pl.Expr:
    text = pl.col(path).cast(pl.String)
    if kind == pl.Categorical():
        return text.fill_null(NOWHERE).cast(kind).alias(path)
    if kind != pl.Boolean():
        return text.cast(kind).alias(path)
    return (text == "true").fill_null(default_flag(event, path)).alias(path)


def _applied(frames: dict[type[Event], pl.DataFrame]) -> dict[str, tuple[int, datetime]]:
    counts: Counter[str] = Counter()
    newest: dict[str, str] = {}
    for event, frame in frames.items():
        counts[event.TOPIC] += 0 if event in CANARIES else frame.height
        newest[event.TOPIC] = max(newest.get(event.TOPIC, ""), str(frame["time"].max()))
    return {topic: (count, datetime.fromisoformat(f"{newest[topic]}+00:00")) for topic, count in counts.items()}


# --- what the rules read ------------------------------------------------------------------------------------------------
def columns_of(rule: Rule) -> list[tuple[str, pl.DataType]]:
    """Path and type of every value a rule reads."""
    found: list[tuple[str, pl.DataType]] = [(rule.day, pl.String())]
    if rule.when is not None:
        found.append((rule.when, pl.Boolean() if isinstance(rule.flag, bool) else pl.String()))
    if rule.since is not None:
        found.append((rule.since, pl.String()))
    if rule.money is not None:
        found += [(f"{rule.money}.minor", pl.Int64()), (f"{rule.money}.currency", pl.Categorical())]
    if rule.count is not None:
        found.append((rule.count, pl.Int64()))
    found += [(path_of(rule, dimension), pl.Categorical()) for dimension in dimensions(rule)]
    if "person" in dimensions(rule):
        found.append((join_path(rule.codes, "birth_year"), pl.Int64()))
        if has_departure_day(rule):
            found.append((join_path(rule.codes, "departed_on"), pl.String()))
    return found


def join_path(left: str, right: str) -> str:
    return f"{left}.{right}" if left else right


def path_of(rule: Rule, dimension: Dimension) -> str:
    return join_path(rule.codes, ".".join(SOURCES[dimension]))


@cache
def dimensions(rule: Rule) -> tuple[Dimension, ...]:
    """The dimensions that the cuts of a rule read; "province" is read as the county."""
    needed = {key for cut in CUTS_OF[rule] for key in (cut.k1, cut.k2)}
    return tuple(dimension for dimension in CODES if dimension in needed or (dimension == "county" and "province" in needed))


@cache
def has_departure_day(rule: Rule) -> bool:
    """Whether the part that carries the codes holds the day of departure."""
    cls = part_class(rule.event, rule.codes)
    return cls is not None and "departed_on" in cls.model_fields


@cache
def default_flag(event: type[Event], path: str) -> bool:
    """The default of a flag that was added later and is missing in older records."""
    owner, _, name = path.rpartition(".")
    cls = part_class(event, owner)
    return cls is not None and cls.model_fields[name].default is True
