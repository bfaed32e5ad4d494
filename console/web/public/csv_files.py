"""The public tables as CSV: codes and names, UTF-8 with a byte order mark, so that spreadsheets read Chinese."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from console.web.public.sources import Entry, Notice, Table

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def file_of(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def cell(value: object) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it; a number is a number."""
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, str) and text.lstrip(" ").startswith(_BEGINS_A_FORMULA):
        return f"'{text}"
    return text


def figure_file(table: Table, name_of: dict[str, str], left_out: str) -> bytes:
    """A row per code: months, then the year; `left_out` stands where a number is not shown."""
    shown = [
        (code, name_of[code], *(left_out if value is None else value for value in (*values, total))) for code, values, total in table.rows
    ]
    totals = ("", "", *table.column_totals, left_out if table.total is None else table.total)
    return file_of((table.by, "name", *table.columns, "year"), [*shown, totals])


def register_file(entries: Iterable[Entry]) -> bytes:
    columns = (
        "licence_no",
        "name",
        "seat",
        "scope",
        "destinations",
        "valid_to",
        "state",
        "since",
        "suspended_for",
        "reserve_sufficient",
        "notices",
    )
    return file_of(columns, ([_joined(getattr(one, column)) for column in columns] for one in entries))


def notices_file(notices: Iterable[Notice]) -> bytes:
    columns = ("decision_no", "enterprise", "breach", "penalty", "fine_minor", "currency", "decided_on", "since", "until")
    return file_of(
        columns,
        (
            (one.decision_no, one.enterprise, one.breach, one.penalty, *(one.fine or (None, None)), one.decided_on, one.since, one.until)
            for one in notices
        ),
    )


def _joined(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value
