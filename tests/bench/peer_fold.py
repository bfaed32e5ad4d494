"""What the process of every peer gets: its task, and the reference fold written out for the events of programme_log.py.

Such a process has the peer's packages and none of ours, so it cannot import the fold. `make bench-peers` compares its cells with ours.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.memory import peak_megabytes

COMMIT_SECONDS, COMMIT_RECORDS = 5.0, 50_000  # whichever comes first, where a peer knows both
HOURS_AHEAD = timedelta(hours=8)  # the programme's zone
DISPATCHES, PERSONS, RETURNS, INCOME, DEDUCTED, MONTHS = "6", "7", "8", "9", "10", "12"
AGE_BANDS = ((0, 19), (20, 24), (25, 29), (30, 34), (35, 39), (40, 44), (45, 49), (50, 54), (55, 59), (60, 150))
Counted = tuple[str, str, int]  # measure, currency, amount


@dataclass(frozen=True, slots=True)
class Task:
    """Read `records` records of the topics and leave their cells in CELLS of the folder, which is also for the peer's state."""

    bootstrap: str
    topics: list[str]
    records: int
    folder: str


@dataclass(frozen=True, slots=True)
class Folded:
    """From the first record to the last commit, and the peak memory of the process until then."""

    seconds: float
    megabytes: float

    @classmethod
    def since(cls, began: float) -> Folded:
        return cls(time.perf_counter() - began, peak_megabytes())


CELLS = "cells.tsv"  # a line per cell: its key, a tab, its value; a key may come several times


def read_task() -> Task:
    return Task(**json.loads(sys.argv[1]))


def write_result(task: Task, folded: Folded, cells: Iterable[tuple[str, int]]) -> None:
    with (Path(task.folder) / CELLS).open("w", encoding="utf-8") as file:
        file.writelines(f"{cell}\t{value}\n" for cell, value in cells)
    print(folded.seconds, folded.megabytes)  # noqa: T201  # the answer to whoever started this process


def contributions(event: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What one event adds to which cells; a cell is its measure, cut, two keys, day, day of recording and currency, between tabs."""
    data, kind = event["data"], event["type"]
    if kind == "rights.IncomeReported.v1":
        day, codes, counted = f"{data['fact']['period']}-01", data, _income(data["fact"])
    elif kind == "docking.Dispatched.v1":
        day, codes, counted = data["fact"]["departed_on"], data["fact"], _departure(data["fact"])
    else:
        day, codes, counted = data["fact"]["returned_on"], data["dispatch"], [(RETURNS, "", 1)]
    days = f"{day}\t{recorded_on(event)}"
    keys = _keys(codes)
    return [(f"{measure}\t{key}\t{days}\t{currency}", amount) for measure, currency, amount in counted for key in keys]


def recorded_on(event: Mapping[str, Any]) -> str:
    return (datetime.fromisoformat(event["time"]) + HOURS_AHEAD).date().isoformat()


def _departure(fact: Mapping[str, Any]) -> list[Counted]:
    return [(DISPATCHES, "", 1), (PERSONS, "", 1)] if fact["first_this_year"] else [(DISPATCHES, "", 1)]


def _income(fact: Mapping[str, Any]) -> list[Counted]:
    paid = ((INCOME, fact["net"]), (DEDUCTED, fact["deductions"]))
    return [(MONTHS, "", 1), *((measure, money["currency"], money["minor"]) for measure, money in paid if money["minor"])]


def _keys(codes: Mapping[str, Any]) -> list[str]:
    """Of every cut its number and its two keys. An income says nothing of the person, so it is in one cut less."""
    county, designation = codes["origin"]["county"], codes["origin"]["designation"]
    province, destination = f"{county[:2]}0000", codes["destination"]
    keys = [
        f"5\t{province}\t{codes['channel']}",
        f"1\t{county}\t{designation}",
        f"2\t{province}\t{destination}",
        f"3\t{province}\t{codes['occupation']}",
        f"4\t{codes['enterprise']}\t{destination}",
    ]
    if "sex" in codes:
        age = int(codes["departed_on"][:4]) - codes["birth_year"]
        band = next(f"{low}-{high}" for low, high in AGE_BANDS if low <= age <= high)
        keys.append(f"6\t{province}\t{codes['sex']} {band}")
    return keys
