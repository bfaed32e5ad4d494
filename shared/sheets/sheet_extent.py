"""How large the spreadsheet reader would lay a sheet out: as a full rectangle up to its furthest cell, however few it has."""

from __future__ import annotations

from dataclasses import dataclass

from shared.sheets.files import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, TooManyRows


@dataclass(slots=True)
class Extent:
    rows: int = 0  # up to the furthest cell, as the columns
    columns: int = 0
    cells: int = 0  # that are written, of which several may stand at one place
    texts: int = 0  # bytes of the shared texts that they name

    def is_bounded(self) -> bool:
        return self.columns <= MAX_COLUMNS and self.rows <= MAX_ROWS and max(self.cells, self.rows * self.columns) <= MAX_CELLS

    def require_bounded(self) -> None:
        """Raises TooManyRows."""
        if self.is_bounded():
            return
        if self.columns > MAX_COLUMNS or self.rows > MAX_ROWS:
            raise TooManyRows(f"cells lie beyond column {MAX_COLUMNS} or row {MAX_ROWS:,}")
        raise TooManyRows(f"{self.rows:,} rows of {self.columns} columns: more than {MAX_CELLS:,} cells; delete the empty rows and columns")
