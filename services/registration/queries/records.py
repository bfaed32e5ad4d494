"""Everything held about one worker, but what is sealed: that is opened by itself. With it what was registered under absorbed numbers."""

from __future__ import annotations

from shared.records import Statements

# Each as of the registrations that the worker has, or had before they were merged.
RECORDS: Statements = {
    "worker": "SELECT to_jsonb(one) FROM worker AS one WHERE $1 IN (worker, merged_into) ORDER BY worker = $1, worker",
    "earlier_code": """
        SELECT to_jsonb(one) FROM earlier_code AS one WHERE worker IN (SELECT worker FROM worker WHERE $1 IN (worker, merged_into))
        ORDER BY worker, code, until
    """,
    "correction": """
        SELECT to_jsonb(one) FROM correction AS one WHERE worker IN (SELECT worker FROM worker WHERE $1 IN (worker, merged_into))
        ORDER BY correction
    """,
    "correction_field": """
        SELECT to_jsonb(one) FROM correction_field AS one JOIN correction USING (correction)
        WHERE worker IN (SELECT worker FROM worker WHERE $1 IN (worker, merged_into)) ORDER BY correction, field
    """,
    "duplicate": """
        SELECT to_jsonb(one) FROM duplicate AS one
        WHERE EXISTS (SELECT FROM worker WHERE worker IN (earlier, later) AND $1 IN (worker, merged_into)) ORDER BY duplicate
    """,
    "open_placement": "SELECT to_jsonb(one) FROM open_placement AS one WHERE worker = $1 ORDER BY placement",
    "old_number": "SELECT to_jsonb(one) FROM old_number AS one WHERE worker = $1 ORDER BY system, number",
    "stay": "SELECT to_jsonb(one) FROM stay AS one WHERE worker = $1 ORDER BY departed_on",
    "personal_data_access": """
        SELECT to_jsonb(one) FROM personal_data_access AS one WHERE worker IN (SELECT worker FROM worker WHERE $1 IN (worker, merged_into))
        ORDER BY id
    """,
    "import_finding": """
        SELECT to_jsonb(one) FROM import_finding AS one JOIN worker ON worker.import_id = one.import_id AND import_row = row
        WHERE $1 IN (worker, merged_into) ORDER BY one.id
    """,
    "history": """
        SELECT to_jsonb(one) FROM history AS one WHERE subject = ANY (SELECT worker::text FROM worker WHERE $1 IN (worker, merged_into))
        ORDER BY id
    """,
}
