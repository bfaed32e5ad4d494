"""Everything held about one worker."""

from __future__ import annotations

from shared.records import Statements

RECORDS: Statements = {
    "merged": "SELECT to_jsonb(one) FROM merged AS one WHERE $1 IN (absorbed, survivor) ORDER BY absorbed",
    "ledger": "SELECT to_jsonb(one) FROM ledger AS one WHERE worker = $1 ORDER BY placement",
    "charged_fee": """
        SELECT to_jsonb(one) FROM charged_fee AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1) ORDER BY fee
    """,
    "income": """
        SELECT to_jsonb(one) FROM income AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1) ORDER BY report
    """,
    "income_conflict": """
        SELECT to_jsonb(one) FROM income_conflict AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1)
        ORDER BY placement, period
    """,
    "wage_check": """
        SELECT to_jsonb(one) FROM wage_check AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1)
        ORDER BY placement, period
    """,
    "finding": """
        SELECT to_jsonb(one) FROM finding AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1) ORDER BY id
    """,
    "roll_call": """
        SELECT to_jsonb(one) FROM roll_call AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1)
        ORDER BY emergency, placement
    """,
    "repatriation": """
        SELECT to_jsonb(one) FROM repatriation AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1)
        ORDER BY repatriation
    """,
    "rights_case": """
        SELECT to_jsonb(one) FROM rights_case AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1) ORDER BY "case"
    """,
    "collective_member": """
        SELECT to_jsonb(one) FROM collective_member AS one WHERE placement IN (SELECT placement FROM ledger WHERE worker = $1)
        ORDER BY "case", placement
    """,
    "case_evidence": """
        SELECT to_jsonb(one) FROM case_evidence AS one JOIN rights_case USING ("case") JOIN ledger USING (placement) WHERE worker = $1
        ORDER BY one.added_at
    """,
    "case_statement": """
        SELECT to_jsonb(one) FROM case_statement AS one JOIN rights_case USING ("case") JOIN ledger USING (placement) WHERE worker = $1
        ORDER BY one.id
    """,
    "settlement": """
        SELECT to_jsonb(one) FROM settlement AS one JOIN rights_case USING ("case") JOIN ledger USING (placement) WHERE worker = $1
        ORDER BY one.at
    """,
    "history": """
        SELECT to_jsonb(one) FROM history AS one WHERE subject = ANY (
            SELECT placement::text FROM ledger WHERE worker = $1
            UNION ALL SELECT repatriation::text FROM repatriation JOIN ledger USING (placement) WHERE worker = $1
            UNION ALL SELECT "case"::text FROM rights_case JOIN ledger USING (placement) WHERE worker = $1
        ) ORDER BY id
    """,
}
