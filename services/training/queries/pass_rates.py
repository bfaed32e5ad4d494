"""How many were assessed and how many passed, by centre, assessor, course or month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from services.training.domain.pass_rates import Group
from shared import rows
from shared.db import Tx

By = Literal["centre", "assessor", "course", "month"]
MOST = 5000  # groups of one answer

GROUP = rows.Columns(
    Group,
    """
    CASE $1::text WHEN 'centre' THEN centre WHEN 'assessor' THEN assessor WHEN 'course' THEN course.course::text
        ELSE to_char(assessed_on, 'YYYY-MM') END AS key,
    count(*) AS assessed, count(*) FILTER (WHERE enrolment.state <> 'failed') AS passed
    """,
)
LIST_GROUPS = GROUP.select("""
FROM enrolment JOIN session ON session.session = enrolment.session JOIN course ON course.course = session.course
WHERE enrolment.state IN ('passed', 'failed', 'certified') AND assessed_on BETWEEN $2 AND $3
  AND ($4::text IS NULL OR centre = $4)
  AND county ^@ ANY($5::text[])
GROUP BY 1 ORDER BY 1 LIMIT $6
""")


async def list_groups(tx: Tx, by: By, days: tuple[date, date], *, centre: str | None, counties: Sequence[str]) -> list[Group]:
    """Of assessments from the first day to the last; `counties`: what the codes begin with."""
    return await rows.fetch(tx.conn, LIST_GROUPS, by, *days, centre, list(counties), MOST)
