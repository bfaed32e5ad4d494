"""The columns of a payroll, and the file that people sent as a table of them."""

from __future__ import annotations

from pathlib import Path

from shared.sheets.files import Kind
from shared.sheets.tables import Form, Table, read_names, read_table

# name of a column: what it takes
COLUMNS = {
    "placement": "派遣编号 · the placement's id, as the clearance shows it",
    "period": "工资月份 · YYYY-MM, the month the wage is for",
    "gross": "应发 · such as 4500 or 4,500.50, in the currency's major unit",
    "deductions": "扣款 · optional; 0 where empty",
    "net": "实发 · gross less deductions",
    "remitted": "汇回金额 · optional; what was sent home of it",
    "currency": "币种 · ISO 4217, such as CNY",
    "paid_on": "发放日期 · YYYY-MM-DD",
    "reference": "付款流水号 · optional; the payer's number of the payment, where there are several of one day",
}
FORM = Form(
    names=read_names(Path(__file__).parent / "column_names.csv"),
    required=("placement", "period", "gross", "net", "currency", "paid_on"),
)


def read_payroll(content: bytes, kind: Kind, limit: int) -> Table:
    """Raises what read_table raises."""
    return read_table(content, kind, limit, FORM)
