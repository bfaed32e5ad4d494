"""Raw records as columns: of every event class what the rules read, and nothing of what decode() would refuse.

Records are taken one by one by the class's pattern; a record that has none, or does not match it, or lies under another topic or
key, is `odd`: somebody else has to judge it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import polars as pl

from services.stats.measures import CUTS_OF, RULES, SOURCES, Dimension, Rule, part_class
from services.stats.patterns import Pattern, head_of, pattern
from shared.events import EVENTS, Data
from shared.inbox import Raw
from shared.values import PROGRAMME_ZONE

# "province" is read as the county, "person" as the sex.
CODES: tuple[Dimension, ...] = ("county", "designation", "destination", "occupation", "enterprise", "channel", "person")
_AHEAD_HOURS = int(PROGRAMME_ZONE.utcoffset(None).total_seconds()) // 3600


@dataclass(frozen=True, slots=True)
class Batch:
    """`frames`: per class `row` (the place in the batch), `recorded_on`, and a column per path. `odd`: the rows that are in none.

    `applied`: per topic how many were read, and the newest time among them.
    """

    frames: dict[type[Data], pl.DataFrame]
    odd: tuple[int, ...]
    applied: dict[str, tuple[int, datetime]]


def read(records: Iterable[Raw]) -> Batch:
    """Never raises for what a record holds."""
    found: dict[Pattern, tuple[list[int], list[tuple[bytes | None, ...]]]] = {reads: ([], []) for reads in _patterns().values()}
    odd: list[int] = []
    reads = match = None
    for row, (topic, key, value) in enumerate(records):
        if value is None or not (value.isascii() or is_text(value)):
            odd.append(row)
            continue
        match = reads.match(value) if reads else None  # a record is mostly of the class of the one before it
        if match is None:
            reads = _reads(value)
            match = reads.match(value) if reads else None
        if reads is None or match is None or match[1] != key or topic != reads.event.TOPIC:
            odd.append(row)
            continue
        rows, groups = found[reads]
        rows.append(row)
        groups.append(match.groups())
    frames = {reads.event: _frame(reads, rows, groups) for reads, (rows, groups) in found.items() if rows}
    return Batch(frames, tuple(odd), _applied(frames))


def _reads(value: bytes) -> Pattern | None:
    head = head_of(value)
    return _patterns().get(head[0]) if head else None


def is_text(value: bytes) -> bool:
    """A pattern over bytes lets through what is no UTF-8."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def _patterns() -> dict[bytes, Pattern]:
    """By type, of every class that can be read so."""
    wanted: dict[type[Data], set[str]] = {event: set() for event in EVENTS}
    for rule in RULES:
        wanted[rule.event] |= {path for path, _ in leaves(rule)}
    found = {event: pattern(event, paths) for event, paths in wanted.items()}
    return {event.type_name().encode(): reads for event, reads in found.items() if reads is not None}


def _frame(reads: Pattern, rows: Sequence[int], groups: Sequence[tuple[bytes | None, ...]]) -> pl.DataFrame:
    kinds = {path: kind for rule in RULES if rule.event is reads.event for path, kind in leaves(rule)}
    _, *values = zip(*groups, strict=True)  # the first is the subject
    columns = {name: pl.Series(column, dtype=pl.Binary) for name, column in zip(reads.names[1:], values, strict=True)}
    time = pl.col("time").cast(pl.String)
    hour = time.str.slice(11, 2).cast(pl.Int8)
    return pl.DataFrame({"row": pl.Series(rows, dtype=pl.UInt32), **columns}).with_columns(
        time.str.strip_suffix("Z"),
        (time.str.slice(0, 10).str.to_date("%Y-%m-%d") + pl.duration(days=(hour + _AHEAD_HOURS) // 24)).alias("recorded_on"),
        *(_typed(reads.event, path, kind) for path, kind in kinds.items()),
    )


def _typed(event: type[Data], path: str, kind: pl.DataType) -> pl.Expr:
    text = pl.col(path).cast(pl.String)
    if kind != pl.Boolean():
        return text.cast(kind).alias(path)
    return (text == "true").fill_null(_default(event, path)).alias(path)


def _applied(frames: dict[type[Data], pl.DataFrame]) -> dict[str, tuple[int, datetime]]:
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
def _default(event: type[Data], path: str) -> bool:
    """Of a flag that was added later, and is missing in older records."""
    owner, _, name = path.rpartition(".")
    cls = part_class(event, owner)
    return cls is not None and cls.model_fields[name].default is True
