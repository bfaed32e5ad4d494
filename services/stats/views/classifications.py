"""Lists as they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.stats.domain.classifications import Division, Listing
from services.stats.queries.classifications import Entry
from services.stats.views.answers import View


class ListVersion(View):
    kind: str
    version: int
    digest: str
    size: int
    source: str
    reason: str
    entered_by: str
    entered_at: datetime


def list_version(of: Entry) -> ListVersion:
    return ListVersion(
        kind=of.kind,
        version=of.version,
        digest=of.digest,
        size=of.size,
        source=of.source,
        reason=of.reason,
        entered_by=of.entered_by,
        entered_at=of.entered_at,
    )


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
    return Designations(version=version, size=len(rows), rows=list(rows[after : after + limit]), next=_next(rows, after, limit))


def divisions(version: int, rows: Sequence[Division], after: int, limit: int) -> Divisions:
    return Divisions(version=version, size=len(rows), rows=list(rows[after : after + limit]), next=_next(rows, after, limit))


def _next(rows: Sequence[object], after: int, limit: int) -> int | None:
    return after + limit if after + limit < len(rows) else None
