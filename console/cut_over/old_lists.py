"""The folder of a cut-over: a list of each kind, as .csv or .xlsx, and the old system's totals."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.errors import ConsoleError
from shared.errors import Refused
from shared.sheets.annotated import annotate
from shared.sheets.files import Kind
from shared.sheets.findings import Finding, Message, message_of, read_messages
from shared.sheets.tables import Form, Row, Table, column_key, read_table
from shared.texts import texts

ENTERPRISES, ORDERS, WORKERS, PLACEMENTS, MATCHES = KINDS = (
    "enterprises",
    "orders",
    "workers",
    "placements",
    "matches",
)  # in the order they are sent
TOTALS = "totals"
REFUSED = "refused"  # the folder of annotated copies
MOST_ROWS = 500_000
MOST_BYTES = 200 * 1024 * 1024

# name of a column: what it takes. Of workers only what is read here: the others are those of registration's own worker lists.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    ENTERPRISES: {
        "licence_no": "as in LW370020150001",
        "name": "as in the licence",
        "seat": "optional: county, by name with its province or by code; without one only a national officer may act for it",
        "scope": "labour_cooperation, contracted_project, seafarer, separated by ;",
        "destinations": "optional: names or ISO 3166-1 codes, separated by ;",
        "valid_to": "YYYY-MM-DD",
        "reserve": "optional: yuan in the reserve account",
    },
    ORDERS: {
        "old_number": "of the order in the old system",
        "licence_no": "of the enterprise",
        "employer": "its name",
        "destination": "name or ISO 3166-1 code",
        "occupation": "name or ISCO-08 code",
        "channel": "labour_cooperation, contracted_project or seafarer",
        "positions": "those still to be filled, by workers who are matched already too",
        "wage": "such as 180000",
        "wage_currency": "ISO 4217",
        "wage_period": "month or day",
        "term_months": "of the contracts",
        "expires": "optional, YYYY-MM-DD",
    },
    WORKERS: {
        "old_number": "of the worker in the old system",
        "old_system": "optional: left out when the list is sent, since --system says it",
        "province": "optional: above a county by its name alone",
        "city": "optional: the same",
        "county": "of the household register, by name with its province or by code",
    },
    PLACEMENTS: {
        "old_number": "of the placement in the old system",
        "worker": "the old number of the worker",
        "licence_no": "of the enterprise",
        "destination": "name or ISO 3166-1 code",
        "occupation": "name or ISCO-08 code",
        "channel": "labour_cooperation, contracted_project or seafarer",
        "departed_on": "YYYY-MM-DD",
        "port": "UN/LOCODE of the border crossing, such as CNSHA",
        "contract_no": "of the contract in force",
        "wage": "such as 180000",
        "wage_currency": "ISO 4217",
        "wage_period": "month or day",
        "days_per_month": "with a daily wage: the paid days of a full month",
        "pay_day": "of the month, 1 to 28",
        "deductions_max": "optional: the most that may be deducted in a month; else nothing",
        "start": "of the contract, YYYY-MM-DD",
        "end": "of the contract, YYYY-MM-DD",
        "service_fee": "optional: what the worker paid for the placement",
    },
    MATCHES: {
        "old_number": "of the placement in the old system",
        "worker": "the old number of the worker",
        "order": "the old number of the job order",
        "signed_on": "optional: of the contract, YYYY-MM-DD",
        "contract_no": "optional: of the contract, if it is signed; then its other columns are needed too",
        "wage": "optional: such as 180000",
        "wage_currency": "optional: ISO 4217",
        "wage_period": "optional: month or day",
        "days_per_month": "with a daily wage: the paid days of a full month",
        "pay_day": "optional: of the month, 1 to 28",
        "deductions_max": "optional: the most that may be deducted in a month; else nothing",
        "start": "optional: of the contract, YYYY-MM-DD",
        "end": "optional: of the contract, YYYY-MM-DD",
        "service_fee": "optional: what the worker pays for the placement",
    },
    TOTALS: {
        "kind": "enterprises, orders, workers, placements, matches, or figures",
        "measure": "count; positions of orders; stock of figures",
        "region": "optional, of workers, placements, matches and figures: a province",
        "expected": "what the old system counts",
    },
}
OPTIONAL = {
    ENTERPRISES: ("seat", "destinations", "reserve"),
    ORDERS: ("expires",),
    WORKERS: ("old_system", "province", "city"),
    PLACEMENTS: ("days_per_month", "deductions_max", "service_fee"),
    MATCHES: (
        "signed_on",
        "contract_no",
        "wage",
        "wage_currency",
        "wage_period",
        "days_per_month",
        "pay_day",
        "deductions_max",
        "start",
        "end",
        "service_fee",
    ),
    TOTALS: ("region",),
}
# Of registration's worker lists, which take more: the ones that an old system is likely to have.
WORKER_COLUMNS = ("name", "id_number", "birth_date", "sex", "education", "occupations", "phone", "household_status", "id_checked")
_KIND_OF_FILE = {".csv": Kind.CSV, ".xlsx": Kind.XLSX}
_MESSAGES = read_messages() | {
    "CHANNEL_NOT_KNOWN": Message(
        zh="请填 labour_cooperation、contracted_project 或 seafarer", en="write labour_cooperation or contracted_project or seafarer"
    ),
    "WAGE_PERIOD_NOT_KNOWN": Message(zh="请填 month 或 day", en="write month or day"),
}


class FolderRefused(ConsoleError):
    """A list is missing, is there twice, or cannot be read."""


@dataclass(frozen=True, slots=True)
class OldList:
    """One list, as it lies in the folder."""

    kind: str
    path: Path
    table: Table

    @property
    def numbers(self) -> list[str]:
        """By what each row is known: the old number, of enterprises the licence."""
        if self.kind == ENTERPRISES:
            return [row.cells.get("licence_no", "").upper() for row in self.table.rows]
        return [row.cells.get("old_number", "") for row in self.table.rows]


def template(kind: str) -> tuple[str, ...]:
    """The columns of an empty list."""
    if kind == WORKERS:
        return ("old_number", *WORKER_COLUMNS[:4], "county", *WORKER_COLUMNS[4:], "registered_on")
    return tuple(COLUMNS[kind])


def required(kind: str) -> tuple[str, ...]:
    return tuple(name for name in COLUMNS[kind] if name not in OPTIONAL[kind])


def read_folder(folder: Path) -> tuple[dict[str, OldList], OldList]:
    """The lists there are, by kind, and the totals. Raises FolderRefused."""
    found = {kind: one for kind in KINDS if (one := _read(folder, kind)) is not None}
    totals = _read(folder, TOTALS)
    if totals is None:
        raise FolderRefused(
            f"{folder}: there is no totals.csv. What the old system counts of each list is compared before anything is sent."
        )
    if not found:
        raise FolderRefused(f"{folder}: there is none of {', '.join(f'{kind}.csv' for kind in KINDS)}.")
    return found, totals


def _read(folder: Path, kind: str) -> OldList | None:
    paths = [path for suffix in _KIND_OF_FILE if (path := folder / f"{kind}{suffix}").is_file()]
    if not paths:
        return None
    if len(paths) > 1:
        raise FolderRefused(f"{folder}: {' and '.join(path.name for path in paths)}: which of them? Move the other one away.")
    [path] = paths
    if path.stat().st_size > MOST_BYTES:
        raise FolderRefused(f"{path}: more than {MOST_BYTES // 2**20} MiB; part the list and cut over twice.")
    form = Form(names={column_key(name): name for name in COLUMNS[kind]}, required=required(kind))
    try:
        return OldList(kind, path, read_table(path.read_bytes(), _KIND_OF_FILE[path.suffix], MOST_ROWS, form))
    except Refused as refused:
        raise FolderRefused(f"{path}: {refused.slug}: {refused}") from None


# --- going out ----------------------------------------------------------------------------------------------------------
def worker_rows(one: OldList, rows: Sequence[Row], system: str) -> bytes:
    """A worker list of these rows as registration takes it, under their own headers: row n of `rows` is row n + 2 of the file."""
    columns = [column for column in one.table.columns if column.column != "old_system"]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*(column.header for column in columns), "old_system"])
    for row in rows:
        writer.writerow([*(row.sent[column.position - 1] if column.position <= len(row.sent) else "" for column in columns), system])
    return text.getvalue().encode()


def write_annotated(one: OldList, findings: Collection[Finding], messages: Mapping[str, Message]) -> Path:
    """A copy of the list with what was found beside each row, readable by its owner alone: its path. Raises FolderRefused."""
    target = _copy(one)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    content = annotate(one.table, findings, {**_messages_of(findings), **messages})
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return target


def forget_annotated(lists: Mapping[str, OldList]) -> None:
    """Copies of an earlier try say what is mended since. Raises FolderRefused."""
    for one in lists.values():
        _copy(one).unlink(missing_ok=True)


def _copy(one: OldList) -> Path:
    """Personal data goes into no folder that somebody's link leads to. Raises FolderRefused."""
    folder = one.path.parent / REFUSED
    if folder.is_symlink():
        raise FolderRefused(f"{folder}: a link to another folder. Remove it; copies of lists are written into a folder here.")
    return folder / f"{one.kind}.xlsx"


def _messages_of(findings: Collection[Finding]) -> dict[str, Message]:
    """What the codes say: as in any list, or as a form of the browser console says it."""
    zh, en = texts("zh"), texts("en")
    words = {
        one.code: Message(zh=zh.word("error", one.code), en=en.word("error", one.code)) for one in findings if en.has("error", one.code)
    }
    return words | _MESSAGES


def described(finding: Finding, messages: Mapping[str, Message]) -> str:
    """In one line of English."""
    return f"row {finding.row}, {finding.column}: {finding.code}: {message_of(finding, {**_messages_of([finding]), **messages}).en}"
