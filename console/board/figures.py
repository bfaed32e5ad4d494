"""From the API of stats to the rows of a board. Whoever calls brings the client, and with it the token of the person who looks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Literal, Protocol

from console.board.rows import (
    NATIONAL,
    Board,
    Close,
    Evaluation,
    EventRow,
    Explanation,
    Freshness,
    MonthRow,
    Programme,
    ProgrammeVersion,
    Projection,
    QuotaRow,
    RankedRow,
    RestatementRow,
    TargetRow,
)
from shared.values import PROGRAMME_ZONE, Clock, QuotaStatus, TargetState

MAIN = "2017-2020"  # the programme that is looked at first
PAGE = 200
Ranked = Literal["province", "destination"]
RANKED: tuple[Ranked, ...] = ("province", "destination")
MEASURE = "dispatches"  # what months and rankings count


class FigureReader(Protocol):
    """A client of the services' APIs, such as `console.api_client.ApiClient`."""

    async def get(self, service: str, path: str, **query: object) -> Any:
        """The answer's JSON; parameters that are None are left out, tuples repeated."""


async def read_board(client: FigureReader, year: int | None = None, known_on: date | None = None, programme: str = MAIN) -> Board:
    """Everything of one look. `year` None: the last one begun. Raises what the client raises; LookupError: no such programme."""
    plan = await read_programme(client, programme)
    chosen = plan.years[-1] if year is None else year
    evaluation, months, rankings, restatements, closes = await asyncio.gather(
        read_evaluation(client, known_on, programme),
        read_months(client, chosen, known_on),
        asyncio.gather(*(read_ranking(client, by, chosen, known_on) for by in RANKED)),
        read_restatements(client, str(chosen), known_on),
        read_closes(client, known_on),
    )
    provinces, destinations = rankings
    return Board(
        programme=plan,
        year=chosen,
        evaluation=evaluation,
        months=months,
        provinces=provinces,
        destinations=destinations,
        restatements=restatements,
        closes=closes,
    )


# --- the programme --------------------------------------------------------------------------------------------------------
async def read_programme(client: FigureReader, code: str = MAIN) -> Programme:
    """The plan in force. Raises LookupError where there is none."""
    found = {each["plan"]["code"]: each for each in await client.get("stats", "/programmes")}
    plan = found[code]["plan"]
    starts, ends = date.fromisoformat(plan["starts"]), date.fromisoformat(plan["ends"])
    last = max(starts.year, min(ends.year, Clock().today().year))
    return Programme(
        code=code,
        title=plan["title"],
        version=found[code]["version"],
        starts=starts,
        ends=ends,
        years=tuple(range(starts.year, last + 1)),
    )


async def read_evaluation(client: FigureReader, known_on: date | None = None, programme: str = MAIN) -> Evaluation:
    """Targets and quotas of the nation, and how fresh they are."""
    targets, quotas = await asyncio.gather(
        client.get("stats", "/targets", programme=programme, as_known_at=known_on),
        client.get("stats", "/quotas", programme=programme, as_known_at=known_on),
    )
    return Evaluation(
        targets=tuple(target_row(row, programme) for row in targets["targets"]),
        quotas=tuple(map(quota_row, quotas["quotas"])),
        freshness=freshness(quotas),
    )


def target_row(row: Mapping[str, Any], programme: str) -> TargetRow:
    projected = row["projection"]
    return TargetRow(
        key=f"{row['target']}|{row['scope']}|{programme}",
        code=row["target"],
        money=row["definition"].startswith("income"),
        actual=row["actual"],
        expected=row["expected"],
        floor=row["floor"],
        stretch=row["stretch"],
        state=TargetState(row["state"]) if row["state"] else None,
        days_left=row["days_left"],
        run_rate=row["run_rate"],
        distribution=row["distribution"],
        projection=Projection(**projected) if projected else None,
        pending_fx=row["pending_fx"],
    )


def quota_row(row: Mapping[str, Any]) -> QuotaRow:
    return QuotaRow(
        key=f"{row['quota']}|{row['scope']}|{row['year']}",
        code=row["quota"],
        title=row["title"],
        year=row["year"],
        share=(row["num"], row["den"]),
        percent=row["percent"],
        threshold=tuple(row["threshold"]),
        status=QuotaStatus(row["status"]),
        rise=row["rise"],
        gap_heads=row["gap_heads"],
        open_positions=row["open_positions"],
        infeasible=row["infeasible"],
        binding=row["binding"],
        finished=row["finished"],
    )


def freshness(answer: Mapping[str, Any]) -> Freshness:
    """Of what every answer of stats carries besides its figures."""
    through, known = answer["complete_through"], answer["as_known_at"]
    return Freshness(
        known_on=date.fromisoformat(known) if known else None,
        complete_through=datetime.fromisoformat(through) if through else None,
        lag_seconds=answer["lag_seconds"],
        parked=answer["parked"],
    )


# --- figures of a year ----------------------------------------------------------------------------------------------------
async def read_months(client: FigureReader, year: int, known_on: date | None = None) -> tuple[MonthRow, ...]:
    """The published form, its cumulated figures also month by month."""
    answer = await client.get("stats", "/figures/monthly", year=year, as_known_at=known_on)
    return month_rows(answer["months"])


def month_rows(rows: list[Mapping[str, Any]]) -> tuple[MonthRow, ...]:
    nothing = {"dispatches": 0, "contracted_projects": 0, "labour_cooperation": 0, "change_dispatches": 0}
    return tuple(_month_row(before, row) for before, row in pairwise([nothing, *rows]))


def _month_row(before: Mapping[str, Any], row: Mapping[str, Any]) -> MonthRow:
    cumulative, last_year = row["dispatches"], _less(row["dispatches"], row["change_dispatches"])
    return MonthRow(
        key=f"{MEASURE}|{NATIONAL}|{row['month']}",
        month=row["month"],
        dispatches=cumulative - before["dispatches"],
        dispatches_before=None if last_year is None else last_year - (_less(before["dispatches"], before["change_dispatches"]) or 0),
        cumulative=cumulative,
        cumulative_before=last_year,
        contracted_projects=row["contracted_projects"] - before["contracted_projects"],
        labour_cooperation=row["labour_cooperation"] - before["labour_cooperation"],
        stock=row["stock"],
        stock_before=_less(row["stock"], row["change_stock"]),
    )


def _less(value: int, change: int | None) -> int | None:
    """What it was a year before; None without a year before."""
    return None if change is None else value - change


async def read_ranking(client: FigureReader, by: Ranked, year: int, known_on: date | None = None) -> tuple[RankedRow, ...]:
    """Dispatches of a year by province or destination, the largest first; equal ones by code."""
    answer = await client.get("stats", f"/figures/{MEASURE}", **{"from": year, "to": year, "by": by, "as_known_at": known_on})
    values = {point["of"][by]: point["value"] for point in answer["points"] if point["value"]}
    total = sum(values.values())
    return tuple(
        RankedRow(key=f"{MEASURE}|{by}:{code}|{year}", code=code, value=value, share=(value, total))
        for code, value in sorted(values.items(), key=lambda item: (-item[1], item[0]))
    )


# --- what was final and has changed ----------------------------------------------------------------------------------------
async def read_closes(client: FigureReader, known_on: date | None = None) -> tuple[Close, ...]:
    """The periods that are closed, oldest first."""
    found = [each for each in await client.get("stats", "/periods") if each["reopened_by"] is None]
    closes = [Close(each["period"], datetime.fromisoformat(each["closed_at"])) for each in found]
    return tuple(
        sorted((one for one in closes if known_on is None or one.closed_on <= known_on), key=lambda one: (one.closed_at, one.period))
    )


async def read_restatements(client: FigureReader, period: str, known_on: date | None = None) -> tuple[RestatementRow, ...]:
    """Of the nation's figures of a closed period, the newest first; only what had become known by `known_on`."""
    found: list[RestatementRow] = []
    page: Mapping[str, Any] = {"next": None}
    while True:
        asked = {"period": period, "scope": NATIONAL, "sort": "-effective", "after": page["next"], "limit": PAGE}
        page = await client.get("stats", "/restatements", **asked)
        found += map(restatement_row, page["items"])
        if page["next"] is None:
            return in_steps([row for row in found if known_on is None or row.on <= known_on])


def in_steps(rows: Sequence[RestatementRow]) -> tuple[RestatementRow, ...]:
    """Of what became known on one day the steps of each figure under each other, the newest first."""
    place: dict[object, int] = {}
    for row in rows:
        place.setdefault((row.on, row.key, row.counted), len(place))
    return tuple(sorted(rows, key=lambda row: (place[row.on, row.key, row.counted], -row.number)))


def restatement_row(item: Mapping[str, Any]) -> RestatementRow:
    event = item["restated"]
    return RestatementRow(
        number=item["id"],
        key=event["key"],
        measure=event["measure"],
        counted=item["counted"],
        scope=event["scope"],
        period=event["period"],
        currency=event["currency"],
        old=event["old"],
        new=event["new"],
        kind=event["kind"],
        causes_total=event["causes_total"],
        on=date.fromisoformat(event["effective"]),
    )


# --- the events behind a figure --------------------------------------------------------------------------------------------
async def read_explanations(
    client: FigureReader, key: str, known_on: date | None = None, *, limit: int = 200, skip: int = 0
) -> tuple[Explanation, ...]:
    """Of a row's key; of a share both sides, the numerator first. The log is read for it: this may take seconds.

    `skip`: so many of the newest events are left out.
    """
    found = await client.get("stats", "/explanations", key=key, as_known_at=known_on, limit=limit, skip=skip)
    return tuple(
        Explanation(
            title=one["title"],
            programme=_programme_version(one["programme"]) if one["programme"] else None,
            explained=one["explained"],
            sums=one["sums"],
            answers=one["answers"],
            number=one["number"],
            events=tuple(map(_event_row, one["events"])),
        )
        for one in found
    )


def _programme_version(found: Mapping[str, Any]) -> ProgrammeVersion:
    entered = datetime.fromisoformat(found["entered_at"]).astimezone(PROGRAMME_ZONE).date() if found["entered_at"] else None
    return ProgrammeVersion(found["code"], found["title"], found["version"], entered)


def _event_row(event: Mapping[str, Any]) -> EventRow:
    return EventRow(
        type=event["type"],
        subject=event["subject"],
        at=event["at"],
        time=datetime.fromisoformat(event["time"]),
        day=date.fromisoformat(event["day"]),
        currency=event["currency"],
        delta=event["delta"],
        total=event["total"],
    )
