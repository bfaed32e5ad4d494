"""Everything held about one worker, but what is sealed: that is opened by itself."""

from __future__ import annotations

from shared.records import Statements

RECORDS: Statements = {
    "worker": "SELECT to_jsonb(one) FROM worker AS one WHERE worker = $1",
    "earlier_code": "SELECT to_jsonb(one) FROM earlier_code AS one WHERE worker = $1 ORDER BY code, until",
    "correction": "SELECT to_jsonb(one) FROM correction AS one WHERE worker = $1 ORDER BY correction",
    "correction_field": """
        SELECT to_jsonb(one) FROM correction_field AS one WHERE correction IN (SELECT correction FROM correction WHERE worker = $1)
        ORDER BY correction, field
    """,
    "open_placement": "SELECT to_jsonb(one) FROM open_placement AS one WHERE worker = $1 ORDER BY placement",
    "stay": "SELECT to_jsonb(one) FROM stay AS one WHERE worker = $1 ORDER BY departed_on",
    "personal_data_access": "SELECT to_jsonb(one) FROM personal_data_access AS one WHERE worker = $1 ORDER BY id",
    "import_finding": """
        SELECT to_jsonb(one) FROM import_finding AS one JOIN worker ON worker.import_id = one.import_id AND import_row = row
        WHERE worker = $1 ORDER BY one.id
    """,
    "history": "SELECT to_jsonb(one) FROM history AS one WHERE subject = $1::uuid::text ORDER BY id",
}
