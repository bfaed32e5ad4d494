"""The same person twice in one list."""

from __future__ import annotations

from collections.abc import Sequence

from shared.sheets.tables import Row


def repeated_rows(rows: Sequence[Row]) -> dict[int, int]:
    """Row -> the first row that seems to be of the same person: the same document, or name and birth date where one has no document."""
    by_document: dict[str, int] = {}
    by_name: dict[tuple[str, str], tuple[int, str | None]] = {}
    found: dict[int, int] = {}
    for row in rows:
        document = _spelled(row, "id_number")
        if document is not None:
            first = by_document.setdefault(document, row.number)
            if first != row.number:
                found[row.number] = first
                continue
        name, born = _spelled(row, "name"), _spelled(row, "birth_date")
        if name is None or born is None:
            continue
        earlier, its_document = by_name.setdefault((name, born), (row.number, document))
        if earlier != row.number and (document is None or its_document is None):
            found[row.number] = earlier
    return found


def _spelled(row: Row, column: str) -> str | None:
    text = row.cells.get(column)
    return None if text is None or column in row.refused else "".join(text.split()).upper()
