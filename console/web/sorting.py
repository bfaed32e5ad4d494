"""How a list is sorted by the headings of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from console.web.documents import Operation


@dataclass(frozen=True, slots=True)
class Sorting:
    """What a column's heading leads to, and how the rows are sorted by it now; None: they are not."""

    address: str
    now: str | None


def orders_of(operation: Operation) -> Sequence[str]:
    """The orders that the list can be asked for."""
    found: Sequence[str] = operation.resolve(operation.query.get("sort", {})).get("enum", ())
    return found


def sorting_by(name: str, order: str, wanted: Mapping[str, str]) -> Sorting:
    following = f"-{name}" if order == name else name
    return Sorting("?" + urlencode({**wanted, "sort": following}), {name: "ascending", f"-{name}": "descending"}.get(order))
