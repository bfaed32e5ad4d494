"""The only SQL of rights, one file per aggregate; usecases say `queries.lock_ledgers(...)` whatever the file."""

from __future__ import annotations

from services.rights.queries.complaints import (
    Case,
    answer_case,
    case,
    cases,
    close_case,
    collective_case,
    insert_case,
    lock_case,
    lock_unanswered,
    set_missed,
)
from services.rights.queries.contracts import (
    Ledger,
    due_ledgers,
    ledger,
    ledgers,
    lock_ledgers,
    save_costs,
    save_dispatch,
    save_due,
    save_ledger,
)
from services.rights.queries.files import Payroll, RowFinding, advance_payroll, begin_payroll, lock_payroll, payroll, row_findings
from services.rights.queries.wages import (
    Finding,
    Income,
    Standing,
    amend_income,
    clear_findings,
    first_incomes,
    income,
    incomes,
    insert_findings,
    insert_incomes,
    missing,
    open_findings,
    orphans,
    set_states,
    short_of,
    standing_incomes,
)

__all__ = [
    "Case", "Finding", "Income", "Ledger", "Payroll", "RowFinding", "Standing", "advance_payroll", "amend_income", "answer_case",
    "begin_payroll", "case", "cases", "clear_findings", "close_case", "collective_case", "due_ledgers", "first_incomes", "income",
    "incomes", "insert_case", "insert_findings", "insert_incomes", "ledger", "ledgers", "lock_case", "lock_ledgers",
    "lock_payroll", "lock_unanswered", "missing", "open_findings", "orphans", "payroll", "row_findings", "save_costs",
    "save_dispatch", "save_due", "save_ledger", "set_missed", "set_states", "short_of", "standing_incomes",
]  # fmt: skip
