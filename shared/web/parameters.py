"""Query parameters that routes of several services take."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request

from shared.paging import Page

Limit = Annotated[int, Query(ge=1, le=200, description="rows of a page")]
AfterNumber = Annotated[int, Query(ge=0, lt=2**63, description="`next` of the page before; 0: from the beginning")]

Cursor = Annotated[str | None, Query(max_length=400, pattern=r"^[A-Za-z0-9_.-]*$", description="`next` of the page before")]


def paged(*sorts: str, usual: str = "id", limit: int = 50) -> Any:
    """The dependency of a list that is sorted by the order of entry, or by one of these, either way round; `usual`: if nobody asks."""
    names = tuple(sign + name for name in ("id", *sorts) for sign in ("", "-"))

    def asked(request: Request, sort: str = usual, after: Cursor = None, limit: Limit = limit) -> Page:
        return Page(path=request.url.path, sort=sort, after=after, limit=limit)

    # One of the names, and no other: what FastAPI reads, documents and checks.
    asked.__annotations__["sort"] = Annotated[Literal[names], Query(description=_SORT)]
    return Depends(asked)


_SORT = "the order, `-` before it: the other way round; rows that are equal in it are in the order of entry, which is `id`"

# What a parameter of that name asks for, wherever a route does not say it itself.
DESCRIPTIONS = {
    "after": "`next` of the page before",
    "age_band": "only workers of this age at the event; may be repeated",
    "annotated": "answered with the file as it was sent, and what was found beside each row",
    "announcement_no": "only the announcement of this number",
    "assignee": "only those assigned to this account",
    "basis": "by which list a county counts as poor: as ever listed, as listed at the departure, or as listed on a day",
    "breach": "only of this breach",
    "by": "counted by this dimension",
    "category": "only of this category",
    "channel": "only of this channel",
    "condition": "only workers in this condition",
    "county": "only of this county (GB/T 2260, six digits)",
    "currency": "only of this currency (ISO 4217)",
    "cut": "the code of the cut",
    "day": "so many days after the departure",
    "days": "that end within so many days",
    "designation": "only counties so designated on the day; may be repeated",
    "destination": "only to this country (ISO 3166-1 alpha-3)",
    "dry_run": "only says what would come of it: nothing is written",
    "employer": "only of this employer",
    "enrolment": "only of this enrolment",
    "enterprise": "only of this enterprise",
    "fair": "only of this fair",
    "format": "the kind of file",
    "free": "only those with a free seat, or without",
    "to_assess": "only those that have begun and have somebody who is not assessed",
    "from": "from this day or period on",
    "id": "of the dead letter; may be repeated",
    "import_id": "only those that this import has registered",
    "kind": "only of this kind",
    "level": "only at this level",
    "licence_no": "only of this licence",
    "limit": "rows of a page",
    "listed": "only counties so designated by the basis; may be repeated",
    "measure": "the name of the measure: GET /measures lists them",
    "missing": "only where managers are missing, or only where not",
    "occupation": "only of this occupation (ISCO-08, one to four digits)",
    "old_number": "only those that had this number in a system before this one",
    "older_than_days": "only those open for more than so many days",
    "on": "as on this day",
    "open": "only open ones, or only closed ones",
    "order": "only of this job order",
    "outreach_channel": "only by this way of hearing of the programme; may be repeated",
    "paused": "only those whose clock stands still, or only those whose clock runs",
    "payer": "only paid by this party; may be repeated",
    "period": "only of this period",
    "placement": "only of this placement",
    "province": "only of this province (GB/T 2260, its first two digits and 0000)",
    "region": "only of this region",
    "scheme": "how provinces are grouped into regions",
    "session": "only of this session",
    "severity": "only of this severity",
    "sex": "only of this sex; may be repeated",
    "since": "from this day on",
    "skip": "so many rows are left out: those of the pages before",
    "state": "only in this state",
    "subject": "only of this subject",
    "surveyed": "only surveyed counties, or only others",
    "system": "the system before this one, by the short name it was given here",
    "to": "up to this day or period, included",
    "until": "up to this day, included",
    "worker": "only of this worker",
    "worker_no": "only the worker of this number",
    "year": "the calendar year",
}
