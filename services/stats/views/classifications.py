"""Designation lists and divisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from services.stats.domain.classifications import Division, Listing
from services.stats.queries import classifications as stored
from services.stats.views.metadata import View
from shared.paging import page

Row = TypeVar("Row", Listing, Division)


class ListVersion(View):
    kind: stored.Kind
    version: int
    digest: str
    size: int
    source: str
    reason: str
    entered_by: str
    entered_at: datetime


def list_version(entered: stored.ListVersion) -> ListVersion:
    return ListVersion.model_validate(entered, from_attributes=True)


class Designations(View):
    """`version` 0: as shipped. `next`: `after` of the next page."""

    version: int
    size: int
    rows: list[Listing]
    next: int | None


class Divisions(View):
    version: int
    size: int
    rows: list[Division]
    next: int | None


def designations(version: int, rows: Sequence[Listing], after: int, limit: int) -> Designations:
    shown, following = _page(rows, after, limit)
    return Designations(version=version, size=len(rows), rows=shown, next=following)


def divisions(version: int, rows: Sequence[Division], after: int, limit: int) -> Divisions:
    shown, following = _page(rows, after, limit)
    return Divisions(version=version, size=len(rows), rows=shown, next=following)


def _page(rows: Sequence[Row], after: int, limit: int) -> tuple[list[Row], int | None]:
    """A version of a list never changes, so the cursor is a row's number."""
    shown, following = page(list(enumerate(rows[after : after + limit + 1], after + 1)), limit, lambda row: row[0])
    return [row for _, row in shown], following
