"""Everything held about one worker."""

from __future__ import annotations

from shared.records import Statements

RECORDS: Statements = {
    "merge": "SELECT to_jsonb(one) FROM merge AS one WHERE $1 IN (absorbed, survivor) ORDER BY absorbed",
    "worker": """
        SELECT to_jsonb(one) FROM worker AS one
        WHERE id = $1 OR id IN (SELECT absorbed FROM merge WHERE survivor = $1 AND state = 'done') ORDER BY id = $1, id
    """,
    "earlier_code": """
        SELECT to_jsonb(one) FROM earlier_code AS one
        WHERE worker = $1 OR worker IN (SELECT absorbed FROM merge WHERE survivor = $1 AND state = 'done') ORDER BY worker, code, until
    """,
    "supply": "SELECT to_jsonb(one) FROM supply AS one WHERE worker = $1 ORDER BY destination, occupation",
    "certificate": "SELECT to_jsonb(one) FROM certificate AS one WHERE worker = $1 ORDER BY serial",
    "proposal": "SELECT to_jsonb(one) FROM proposal AS one WHERE worker = $1 ORDER BY id",
    "placement": "SELECT to_jsonb(one) FROM placement AS one WHERE worker = $1 ORDER BY id",
    "old_number": """
        SELECT to_jsonb(one) FROM old_number AS one WHERE placement IN (SELECT id FROM placement WHERE worker = $1) ORDER BY system, number
    """,
    "dispatch": "SELECT to_jsonb(one) FROM dispatch AS one WHERE worker = $1 ORDER BY placement",
    "intention_match": """
        SELECT to_jsonb(one) FROM intention_match AS one WHERE placement IN (SELECT id FROM placement WHERE worker = $1) ORDER BY placement
    """,
    "wage_finding": """
        SELECT to_jsonb(one) FROM wage_finding AS one WHERE placement IN (SELECT id FROM placement WHERE worker = $1)
        ORDER BY placement, period, kind
    """,
    "fee": "SELECT to_jsonb(one) FROM fee AS one WHERE placement IN (SELECT id FROM placement WHERE worker = $1) ORDER BY id",
    "arrival": """
        SELECT to_jsonb(one) FROM arrival AS one WHERE placement IN (SELECT id FROM placement WHERE worker = $1) ORDER BY placement, day
    """,
    "contract_change": """
        SELECT to_jsonb(one) FROM contract_change AS one WHERE placement IN (SELECT id FROM placement WHERE worker = $1) ORDER BY id
    """,
    "history": """
        SELECT to_jsonb(one) FROM history AS one
        WHERE subject = ANY (SELECT id::text FROM placement WHERE worker = $1 UNION ALL SELECT id::text FROM proposal WHERE worker = $1
            UNION ALL SELECT absorbed::text FROM merge WHERE $1 IN (absorbed, survivor))
        ORDER BY id
    """,
}
