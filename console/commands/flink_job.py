"""The table of measures as a job for Apache Flink, for programmes that have outgrown one PostgreSQL: `laowu flink-sql` prints it.

Compiled from the same rows as both folds, so that it counts the same cells (`make bench-flink` compares them). Where it cannot
count exactly it fails instead: at a record that is no JSON, at an absurd day, at a voiding that is itself voided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from services.stats.counting.cuts import AGE_BANDS, CUTS, DAY_BANDS, NOWHERE, Dimension
from services.stats.counting.derived import DERIVED, LISTED, QUOTIENTS
from services.stats.counting.measures import MEASURE, MEASURES, RULES, Rule, cuts_for
from services.stats.counting.record_reader import (
    CODES,
    ZONE_HOURS,
    columns_of,
    default_flag,
    dimensions,
    has_departure_day,
    join_path,
    path_of,
)
from services.stats.counting.reference_fold import EARLIEST
from shared.events import BY_TYPE, Event, Part
from shared.events.voided import EVENTS as VOIDS
from shared.values import Money

CELLS = "stats.cells"
_INDENT = "    "


class NoCells(Exception):
    """A measure that no cell holds, and why."""


@dataclass(frozen=True, slots=True)
class Job:
    """Where it runs. `bounded`: it counts what the log holds when it starts, and ends; else it goes on with the log."""

    bootstrap: str
    topic_prefix: str = ""
    bounded: bool = False


def compile_job(job: Job, measures: Sequence[str] = ()) -> str:
    """The statements of the job, for the measures named or for all. Raises NoCells."""
    rules = _rules(measures)
    topics = {topic: [rule for rule in rules if topic == rule.event.TOPIC] for topic in dict.fromkeys(rule.event.TOPIC for rule in rules)}
    counted = [_contributions(topic, found) for topic, found in topics.items()]
    statements = [
        f"SET 'execution.runtime-mode' = '{'batch' if job.bounded else 'streaming'}'",
        *(["SET 'table.dml-sync' = 'true'"] if job.bounded else ()),
        *(statement for topic, found in topics.items() for statement in (_source(job, topic, found), _once(topic), _flat(topic, found))),
        "CREATE TEMPORARY VIEW `contributions` AS\n" + "\nUNION ALL\n".join(counted),
        _keyed(rules),
        _sink(job),
        _INSERT,
    ]
    return "".join(f"{statement};\n\n" for statement in statements).rstrip("\n") + "\n"


def _rules(measures: Sequence[str]) -> list[Rule]:
    for name in measures:
        if name in DERIVED or name in QUOTIENTS:
            raise NoCells(f"{name} is in no cell: it is computed from others when it is asked for (docs/measures.md)")
        if name in LISTED:
            raise NoCells(f"{name} is in no cell: it is read off the list of divisions in force when it is asked for")
        if name not in MEASURE:
            raise NoCells(f"there is no measure {name}; docs/measures.md lists them")
    return [rule for rule in RULES if not measures or rule.measure in measures]


# --- from the log -----------------------------------------------------------------------------------------------------
def _table(topic: str) -> str:
    return topic.partition(".")[0]


def _paths(rules: Sequence[Rule]) -> list[str]:
    """Of every value that the rules read of a topic's events."""
    return sorted({path for rule in rules for path, _ in columns_of(rule)})


def _source(job: Job, topic: str, rules: Sequence[Rule]) -> str:
    """Every value is read as text, since another kind of event may have another type there; a rule casts what it reads."""
    tree: dict[str, Any] = {"taken_back": {}}
    for path in _paths(rules):
        inner = tree
        for name in _read_whole(topic, path)[0].split("."):
            inner = inner.setdefault(name, {})
    bound = "\n    'scan.bounded.mode' = 'latest-offset'," if job.bounded else ""
    return f"""CREATE TEMPORARY TABLE `{_table(topic)}` (
    `id` STRING,
    `type` STRING,
    `time` STRING,
    `data` {_row_type(tree)},
    `read_at` AS PROCTIME()
) WITH (
    'connector' = 'kafka',
    'topic' = {_text(job.topic_prefix + topic)},
    'properties.bootstrap.servers' = {_text(job.bootstrap)},
    'scan.startup.mode' = 'earliest-offset',{bound}
    'format' = 'json'
)"""


def _row_type(tree: dict[str, Any]) -> str:
    fields = (f"`{name}` {_row_type(inner) if inner else 'STRING'}" for name, inner in tree.items())
    return f"ROW<{', '.join(fields)}>"


@cache
def _read_whole(topic: str, path: str) -> tuple[str, str]:
    """The path up to a part that is a part in every event of the topic that has it; the rest, where one has plain text there."""
    names = path.split(".")
    for length in range(1, len(names)):
        if any(_is_plain(event, names[:length]) for event in BY_TYPE.values() if topic == event.TOPIC):
            return ".".join(names[:length]), ".".join(names[length:])
    return path, ""


def _is_plain(event: type[Event], names: Sequence[str]) -> bool:
    """Whether an event has a value there that holds no others."""
    owner: type[Part] | None = event
    for name in names:
        if owner is None or name not in owner.model_fields:
            return False
        annotation = owner.model_fields[name].annotation
        classes = [cls for cls in (annotation, *get_args(annotation)) if isinstance(cls, type)]
        if any(issubclass(cls, Money) for cls in classes):
            return False
        owner = next((cls for cls in classes if issubclass(cls, Part)), None)
    return owner is None


def _once(topic: str) -> str:
    """A log may hold an event several times: a relay that crashed sends its last batch again. The id tells them."""
    return f"""CREATE TEMPORARY VIEW `{_table(topic)}_once` AS
SELECT `id`, `type`, `time`, `data`
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY `id` ORDER BY `read_at`) AS `copy` FROM `{_table(topic)}`)
WHERE `copy` = 1"""


def _flat(topic: str, rules: Sequence[Rule]) -> str:
    """A column per path. What takes an event back is read as that event, with the other sign, recorded when it was taken back."""
    (void,) = (event.type_name() for event in VOIDS if topic == event.TOPIC)
    paths = _paths(rules)
    recorded = f"CAST(TIMESTAMPADD(HOUR, {ZONE_HOURS}, CAST(REPLACE(SUBSTRING(`time` FROM 1 FOR 19), 'T', ' ') AS TIMESTAMP(0))) AS DATE)"
    plain = "".join(f",\n{_INDENT}{_field(topic, path)} AS `{path}`" for path in paths)
    back = "`data`.`taken_back`"
    inner = f"JSON_VALUE({back}, '$.type')"
    twice = "CAST(CAST(CONCAT('a voiding that is itself voided is counted by Laowu only: event ', `id`) AS INT) AS STRING)"
    voided = "".join(f",\n{_INDENT}JSON_VALUE({back}, '$.data.{path}')" for path in paths)
    return f"""CREATE TEMPORARY VIEW `{_table(topic)}_events` AS
SELECT `id`, 1 AS `sign`, `type`, {recorded} AS `recorded_on`{plain}
FROM `{_table(topic)}_once` WHERE `type` <> '{void}'
UNION ALL
SELECT `id`, -1, CASE WHEN {inner} = '{void}' THEN {twice} ELSE {inner} END, {recorded}{voided}
FROM `{_table(topic)}_once` WHERE `type` = '{void}'"""


def _field(topic: str, path: str) -> str:
    whole, rest = _read_whole(topic, path)
    field = ".".join(f"`{name}`" for name in ("data", *whole.split(".")))
    return f"JSON_VALUE({field}, '$.{rest}')" if rest else field


# --- rules ------------------------------------------------------------------------------------------------------------
_CONTRIBUTION = ("measure", "value", "day", "currency", *CODES, "age", "days")  # "person" is the sex


def _contributions(topic: str, rules: Sequence[Rule]) -> str:
    """One row per rule that may apply to an event; a value that is 0 or NULL adds nothing."""
    by_event: dict[type[Event], list[Rule]] = {}
    for rule in rules:
        by_event.setdefault(rule.event, []).append(rule)
    cases = [
        f"WHEN '{event.type_name()}' THEN ARRAY[\n{_INDENT * 2}" + f",\n{_INDENT * 2}".join(map(_row, found)) + f"\n{_INDENT}]"
        for event, found in by_event.items()
    ]
    names = ", ".join(f"`{name}`" for name in _CONTRIBUTION)
    return f"""SELECT `id`, `recorded_on`, {", ".join(f"c.`{name}`" for name in _CONTRIBUTION)}
FROM `{_table(topic)}_events` CROSS JOIN UNNEST(CASE `type`
    {f"{chr(10)}{_INDENT}".join(cases)}
END) AS c ({names})
WHERE c.`value` <> 0"""


def _row(rule: Rule) -> str:
    values = [
        f"CAST({MEASURE[rule.measure].code} AS INT)",
        f"CAST({_value(rule)} AS BIGINT)",
        f"CAST({_day(rule.day)} AS STRING)",
        f"CAST({f'`{rule.money}.currency`' if rule.money else _text('')} AS STRING)",
        *(f"CAST({_code(rule, dimension)} AS STRING)" for dimension in CODES),
        f"CAST({_age(rule)} AS BIGINT)",
        f"CAST({_days(rule)} AS BIGINT)",
    ]
    return f"ROW({', '.join(values)})"


def _value(rule: Rule) -> str:
    counted = rule.count or (f"{rule.money}.minor" if rule.money else None)
    amount = f"CAST(`{counted}` AS BIGINT)" if counted else "1"
    value = f"{'-' if rule.sign < 0 else ''}`sign` * {amount}"
    conditions = list(_conditions(rule))
    return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value


def _conditions(rule: Rule) -> Iterator[str]:
    """When the rule applies."""
    if rule.needs is not None:
        yield f"`{rule.day}` IS NOT NULL"
    if rule.since is not None:
        yield f"`{rule.since}` IS NOT NULL"
    if isinstance(rule.flag, str):
        yield f"`{rule.when}` = {_text(rule.flag)}"
    elif rule.when is not None:
        yield f"COALESCE(CAST(`{rule.when}` AS BOOLEAN), {str(default_flag(rule.event, rule.when)).upper()}) = {str(rule.flag).upper()}"


def _day(path: str) -> str:
    """As text; of a wage period its first day."""
    return f"CASE WHEN CHAR_LENGTH(`{path}`) = 7 THEN CONCAT(`{path}`, '-01') ELSE `{path}` END"


def _code(rule: Rule, dimension: Dimension) -> str:
    return f"COALESCE(`{path_of(rule, dimension)}`, {_text(NOWHERE)})" if dimension in dimensions(rule) else _text(NOWHERE)


def _age(rule: Rule) -> str:
    if "person" not in dimensions(rule):
        return "NULL"
    day = join_path(rule.codes, "departed_on") if has_departure_day(rule) else rule.day
    return f"CAST(SUBSTRING(`{day}` FROM 1 FOR 4) AS BIGINT) - CAST(`{join_path(rule.codes, 'birth_year')}` AS BIGINT)"


def _days(rule: Rule) -> str:
    return "NULL" if rule.since is None else f"TIMESTAMPDIFF(DAY, CAST(`{rule.since}` AS DATE), CAST({_day(rule.day)} AS DATE))"


def _text(value: str) -> str:
    quoted = value.replace("'", "''")
    return f"'{quoted}'"


# --- cuts -------------------------------------------------------------------------------------------------------------
def _keyed(rules: Sequence[Rule]) -> str:
    """Each contribution once in every cut of its measure. An absurd day ends the job; Laowu would park that record."""
    measures = [measure for measure in MEASURES if any(rule.measure == measure.name for rule in rules)]
    cuts = "\n".join(
        f"{_INDENT}WHEN {measure.code} THEN ARRAY[{', '.join(str(cut.code) for cut in cuts_for(measure.name))}] -- {measure.name}"
        for measure in measures
    )
    k1, k2 = (
        "\n".join(f"{_INDENT * 2}WHEN {cut.code} THEN {_key(key)}" for cut in CUTS for key in (getattr(cut, of),)) for of in ("k1", "k2")
    )
    return f"""CREATE TEMPORARY VIEW `keyed` AS
SELECT
    `measure`,
    c.`cut`,
    CASE c.`cut`
{k1}
    END AS `k1`,
    CASE c.`cut`
{k2}
    END AS `k2`,
    CASE WHEN CAST(`day` AS DATE) BETWEEN DATE '{EARLIEST.isoformat()}' AND `recorded_on` + INTERVAL '1' DAY
        THEN CAST(`day` AS DATE) ELSE CAST(CONCAT('an absurd day in event ', `id`) AS DATE) END AS `day`,
    `recorded_on`,
    `currency`,
    `value`
FROM `contributions` CROSS JOIN UNNEST(CASE `measure`
{cuts}
END) AS c (`cut`)"""


def _key(dimension: Dimension) -> str:
    if dimension == "province":
        return f"CASE WHEN `county` = {_text(NOWHERE)} THEN `county` ELSE CONCAT(SUBSTRING(`county` FROM 1 FOR 2), '0000') END"
    if dimension == "person":
        return f"CONCAT(`person`, ' ', {_band('age', AGE_BANDS)})"
    return _band("days", DAY_BANDS) if dimension == "days" else f"`{dimension}`"


def _band(column: str, bands: Sequence[tuple[int, int]]) -> str:
    cases = " ".join(f"WHEN `{column}` BETWEEN {low} AND {high} THEN '{low}-{high}'" for low, high in bands)
    return f"CASE {cases} ELSE {_text(NOWHERE)} END"


def _sink(job: Job) -> str:
    return f"""CREATE TEMPORARY TABLE `cells` (
    `measure` INT,
    `cut` INT,
    `k1` STRING,
    `k2` STRING,
    `day` DATE,
    `recorded_on` DATE,
    `currency` STRING,
    `value` BIGINT,
    PRIMARY KEY (`measure`, `cut`, `k1`, `k2`, `day`, `recorded_on`, `currency`) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka',
    'topic' = {_text(job.topic_prefix + CELLS)},
    'properties.bootstrap.servers' = {_text(job.bootstrap)},
    'key.format' = 'json',
    'value.format' = 'json'
)"""


_INSERT = """INSERT INTO `cells`
SELECT `measure`, `cut`, `k1`, `k2`, `day`, `recorded_on`, `currency`, SUM(`value`)
FROM `keyed`
GROUP BY `measure`, `cut`, `k1`, `k2`, `day`, `recorded_on`, `currency`
HAVING SUM(`value`) <> 0"""
