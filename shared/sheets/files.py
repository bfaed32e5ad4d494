"""What may be sent as a list, and why one is refused as a whole."""

from __future__ import annotations

from enum import StrEnum

from shared.errors import Invalid

MAX_COLUMNS = 52
MAX_ROWS = 199_999  # of a sheet, blank ones among them
MAX_CELLS = 4_000_000  # of a sheet: 190,000 rows of every column that a list has; the spreadsheet reader takes about 40 bytes for each


class Kind(StrEnum):
    CSV = "text/csv"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UnsupportedFile(Invalid):
    """Lists are text/csv or xlsx; the Content-Type says which."""

    slug = "UNSUPPORTED_FILE"
    status = 415


class FileUnreadable(Invalid):
    """The file is not what its type says."""

    slug = "FILE_UNREADABLE"


class QuoteUnclosed(Invalid):
    """A double quote is never closed, or closed in another row: the rows between would be lost."""

    slug = "QUOTE_UNCLOSED"


class ColumnMissing(Invalid):
    """A column that every row needs is missing."""

    slug = "COLUMN_MISSING"


class ColumnRepeated(Invalid):
    """Two columns are read as the same."""

    slug = "COLUMN_REPEATED"


class TooManyRows(Invalid):
    """The file has more rows than one import may have."""

    slug = "TOO_MANY_ROWS"


class NoRows(Invalid):
    """The file has no rows."""

    slug = "NO_ROWS"


def kind_of(content_type: str) -> Kind:
    """Raises UnsupportedFile."""
    name = content_type.partition(";")[0].strip().lower()
    if name not in tuple(Kind):
        raise UnsupportedFile(field="Content-Type")
    return Kind(name)
