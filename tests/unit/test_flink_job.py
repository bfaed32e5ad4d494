"""The Flink job is the table of measures: every row and nothing else, the same text each time. `make bench-flink` runs it on Flink."""

from __future__ import annotations

import re

import pytest

from console.commands.flink_job import Job, NoCells, compile_job
from services.stats.counting.derived import DERIVED, LISTED, QUOTIENTS
from services.stats.counting.measures import MEASURES, RULES, cuts_for
from shared.events import DOCKING

JOB = Job("kafka.example:9092")
WHOLE = compile_job(JOB)


def test_every_rule_of_the_table_is_a_row_of_its_events_case() -> None:
    for event in {rule.event for rule in RULES}:
        case = WHOLE.split(f"WHEN '{event.type_name()}' THEN ARRAY[")[1].split("\n    ]")[0]
        assert case.count("ROW(CAST(") == sum(rule.event is event for rule in RULES), event


def test_every_measure_is_counted_in_exactly_its_cuts() -> None:
    found = {int(code): cuts for code, cuts in re.findall(r"WHEN (\d+) THEN ARRAY\[([\d, ]+)\]", WHOLE)}
    assert found == {measure.code: ", ".join(str(cut.code) for cut in cuts_for(measure.name)) for measure in MEASURES}


def test_the_job_is_the_same_text_each_time() -> None:
    assert compile_job(JOB) == WHOLE


def test_a_job_for_some_measures_reads_their_topics_only() -> None:
    job = compile_job(JOB, ["dispatches", "returns"])
    assert re.findall(r"'topic' = '([^']+)'", job) == [DOCKING, "stats.cells"]
    assert set(re.findall(r"WHEN (\d+) THEN ARRAY\[", job)) == {"6", "8"}


def test_a_bounded_job_ends_with_the_log_and_is_waited_for() -> None:
    job = compile_job(Job("kafka.example:9092", bounded=True))
    assert job.startswith("SET 'execution.runtime-mode' = 'batch';\n\nSET 'table.dml-sync' = 'true';")
    assert job.count("'scan.bounded.mode' = 'latest-offset'") == job.count("'scan.startup.mode'")


def test_what_is_typed_ends_no_text_of_the_job() -> None:
    job = compile_job(Job("x', 'y' = 'z", topic_prefix="p'"))
    assert "'properties.bootstrap.servers' = 'x'', ''y'' = ''z'" in job
    assert "'topic' = 'p''docking.events'" in job


@pytest.mark.parametrize("name", [*DERIVED, *QUOTIENTS, *LISTED])
def test_what_no_cell_holds_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(NoCells, match=f"{name} is in no cell: it is"):
        compile_job(JOB, ["dispatches", name])


def test_a_measure_that_nobody_knows_is_refused() -> None:
    with pytest.raises(NoCells, match="there is no measure dispatched"):
        compile_job(JOB, ["dispatched"])
