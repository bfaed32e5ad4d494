"""What must be true of the five databases once everything published is applied, whatever was commanded and whoever was killed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg

from tests.support.journey import RunningStack

Rows = set[tuple[Any, ...]]

# Every statement answers what is wrong: no row is right.
WRONG: Mapping[str, Mapping[str, str]] = {
    "docking": {
        "the positions counted on an order are those its placements hold": """
            SELECT job_order.id, reserved, filled, held.before, held.departed FROM job_order
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE state IN ('matched', 'clearance_requested', 'cleared')) AS before,
                       count(*) FILTER (WHERE state IN ('abroad', 'returned')) AS departed
                FROM placement WHERE job_order = job_order.id
            ) AS held WHERE (reserved, filled) <> (held.before, held.departed)
        """,
        "no worker is twice abroad": """
            SELECT one.worker, one.placement, other.placement FROM dispatch AS one JOIN dispatch AS other
            ON one.worker = other.worker AND one.placement < other.placement AND one.voided IS NULL AND other.voided IS NULL
            WHERE daterange(one.departed_on, one.returned_on) && daterange(other.departed_on, other.returned_on)
        """,
        "what counts as a departure has a placement that departed": """
            SELECT placement.id, placement.state, voided FROM dispatch JOIN placement ON placement.id = dispatch.placement
            WHERE (voided IS NULL) <> (placement.state IN ('abroad', 'returned'))
        """,
        "a reserve is the sum of its entries": """
            SELECT enterprise.id, reserve_minor, sum(amount_minor) FROM enterprise JOIN reserve_entry ON enterprise = enterprise.id
            GROUP BY enterprise.id HAVING reserve_minor <> sum(amount_minor)
        """,
    },
    "training": {
        "the seats taken in a session are those of its enrolments": """
            SELECT session.session, taken, count(enrolment) FROM session
            LEFT JOIN enrolment ON enrolment.session = session.session AND enrolment.state <> 'cancelled'
            GROUP BY session.session HAVING taken <> count(enrolment)
        """,
    },
    "rights": {
        "an open case has a clock": """
            SELECT "case", state FROM rights_case WHERE (clock_due IS NULL) <> (state = 'closed')
        """,
        "no two reports of one placement, period and source count twice": """
            SELECT placement, period, paid_on, source, net_minor FROM income WHERE state = 'counting'
            GROUP BY placement, period, paid_on, source, net_minor HAVING count(*) > 1
        """,
    },
}
# Two statements of two services whose answers are equal.
EQUAL: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "registration and docking know the same stays abroad": (
        (
            "docking",  # two who contradict each other are still apart there, and so may be a third who was merged into one
            """
            WITH RECURSIVE leads (worker, survivor) AS (
                SELECT absorbed, survivor FROM merge
                UNION SELECT leads.worker, merge.survivor FROM leads JOIN merge ON merge.absorbed = leads.survivor
            )
            SELECT placement, coalesce(current.survivor, dispatch.worker), departed_on, returned_on
            FROM dispatch LEFT JOIN leads AS current
                ON current.worker = dispatch.worker AND current.survivor NOT IN (SELECT absorbed FROM merge)
            WHERE voided IS NULL
            """,
        ),
        ("registration", "SELECT placement, worker, departed_on, returned_on FROM stay"),
    ),
    "docking and rights know the same stays abroad": (
        ("docking", "SELECT placement, departed_on, returned_on FROM dispatch WHERE voided IS NULL"),
        ("rights", "SELECT placement, departed_on, returned_on FROM ledger WHERE departed_on IS NOT NULL AND NOT voided"),
    ),
    "docking knows every merge of registration": (
        ("registration", "SELECT worker FROM worker WHERE merged_into IS NOT NULL"),
        ("docking", "SELECT absorbed FROM merge"),
    ),
    "registration and training lead from the same numbers to the same workers": (
        ("registration", "SELECT worker, merged_into FROM worker WHERE merged_into IS NOT NULL"),
        ("training", "SELECT absorbed, survivor FROM merged"),
    ),
    "registration and rights lead from the same numbers to the same workers": (
        ("registration", "SELECT worker, merged_into FROM worker WHERE merged_into IS NOT NULL"),
        ("rights", "SELECT absorbed, survivor FROM merged"),
    ),
    "docking and training know the same placements on their way": (
        ("docking", "SELECT id FROM placement WHERE state IN ('matched', 'clearance_requested', 'cleared')"),
        ("training", "SELECT placement FROM need WHERE state <> 'closed'"),
    ),
    "docking and registration know the same placements on their way": (
        ("docking", "SELECT id FROM placement WHERE state IN ('matched', 'clearance_requested', 'cleared', 'abroad') AND NOT adopted"),
        ("registration", "SELECT placement FROM open_placement"),
    ),
    "docking takes those for willing whom registration does": (
        ("registration", "SELECT worker FROM worker WHERE willingness = 'willing'"),
        ("docking", "SELECT id FROM worker WHERE willing"),
    ),
}


async def violations(running: RunningStack) -> dict[str, Any]:
    """Sentence -> rows that contradict it; of two services that differ: (only in the first, only in the second), and docking's merges
    that were not carried out at once, which explain most of what may differ.
    """
    found: dict[str, Any] = {}
    for service, statements in WRONG.items():
        for sentence, statement in statements.items():
            if wrong := await _rows(running, service, statement):
                found[f"{service}: {sentence}"] = wrong
    for sentence, (first, second) in EQUAL.items():
        one, other = await asyncio.gather(_rows(running, *first), _rows(running, *second))
        if one != other:
            found[sentence] = (one - other, other - one)
    if found:
        found["merges that docking holds"] = await _rows(running, "docking", "SELECT * FROM merge WHERE state <> 'done'")
        found["positions of docking"] = await _rows(running, "docking", "SELECT * FROM consumed")
    return found


async def _rows(running: RunningStack, service: str, statement: str) -> Rows:
    conn = await asyncpg.connect(running.databases[service])
    try:
        return {tuple(row) for row in await conn.fetch(statement)}
    finally:
        await conn.close()
