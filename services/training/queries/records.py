"""Everything held about one worker."""

from __future__ import annotations

from shared.records import Statements

RECORDS: Statements = {
    "merged": "SELECT to_jsonb(one) FROM merged AS one WHERE $1 IN (absorbed, survivor) ORDER BY absorbed",
    "need": "SELECT to_jsonb(one) FROM need AS one WHERE worker = $1 ORDER BY need",
    "enrolment": "SELECT to_jsonb(one) FROM enrolment AS one WHERE worker = $1 ORDER BY enrolment",
    "attendance": "SELECT to_jsonb(one) FROM attendance AS one WHERE worker = $1 ORDER BY day, enrolment",
    "correction": """
        SELECT to_jsonb(one) FROM correction AS one WHERE enrolment = ANY (SELECT enrolment FROM enrolment WHERE worker = $1)
        ORDER BY correction
    """,
    "finding": "SELECT to_jsonb(one) FROM finding AS one WHERE worker = $1 ORDER BY day, finding",
    "recognition": "SELECT to_jsonb(one) FROM recognition AS one WHERE worker = $1 ORDER BY recognition",
    "certificate": "SELECT to_jsonb(one) FROM certificate AS one WHERE worker = $1 ORDER BY serial",
    "history": """
        SELECT to_jsonb(one) FROM history AS one WHERE subject = ANY (
            SELECT enrolment::text FROM enrolment WHERE worker = $1 UNION ALL SELECT recognition::text FROM recognition WHERE worker = $1
        ) ORDER BY id
    """,
}
