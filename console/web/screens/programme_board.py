"""The board: targets, quotas, months, places, restatements; as known now and live, or as known at an earlier day; down to the events."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from console.board import figures, replay, sentences
from console.board.rows import Explanation, Programme, RankedRow
from console.board.stream import Alive, Connected, Missed, Published, Signal
from console.web import drawings
from console.web.backend import Answer, Backend, ServiceRefused
from console.web.charts.outlines import read_map
from console.web.live import Live
from console.web.pages import Visitor, environment, only, render
from console.web.streaming import Later, render_later
from shared import reference
from shared.principals import Role
from shared.texts import Texts

ROLES = (Role.OFFICER, Role.OPERATOR, Role.AUDITOR)
MEASURE = "dispatches"
STREAM_SECONDS = 1800.0  # a browser comes back with a session that still holds
EVENTS = 200  # of a figure's events on a page, the newest first

SCREENS = COMMANDS = ()
PAGES = (("Figures", "/board", "Board", ROLES),)
router = APIRouter()
Looker = Annotated[Visitor, only(*ROLES)]
YearAsked = Annotated[int | None, Query(ge=1990, le=2199)]
KnownAsked = Annotated[date | None, Query(description="only what was recorded by the end of this day")]
StepAsked = Annotated[int | None, Query(ge=0, le=200, description="of the days of a replay; as many as there are: now")]


@dataclass(frozen=True, slots=True)
class Reader:
    """The visitor's services as the board's figures are read. Raises ServiceRefused."""

    backend: Backend

    async def get(self, service: str, path: str, **query: object) -> Any:
        return await self.backend.get(service, path, query)


@dataclass(frozen=True, slots=True)
class SlowReader:
    """What is read from the log. Raises ServiceRefused."""

    backend: Backend

    async def get(self, service: str, path: str, **query: object) -> Any:
        return await self.backend.get_slowly(service, path, query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is looked at. `days`: those of the replay; `known_on` None: now."""

    text: Texts
    reader: Reader
    programme: Programme
    year: int
    known_on: date | None
    days: tuple[date, ...]
    today: date

    @property
    def query(self) -> str:
        chosen = {"year": self.year, **({"known_on": self.known_on} if self.known_on else {})}
        return "?" + urlencode(chosen)

    @property
    def step(self) -> int:
        """The place of the day in the replay; the number of days: now."""
        return len(self.days) if self.known_on is None else sum(day <= self.known_on for day in self.days) - 1


async def look_of(who: Visitor, year: int | None, known_on: date | None, step: int | None) -> Look:
    """Raises ServiceRefused."""
    reader = Reader(who.backend)
    programme, closes = await asyncio.gather(_programme(reader), figures.read_closes(reader))
    chosen = year if year in programme.years else programme.years[-1]
    days = replay.days(chosen, who.today, closes)
    if step is not None:
        known_on = days[step] if step < len(days) else None
    return Look(text=who.text, reader=reader, programme=programme, year=chosen, known_on=known_on, days=days, today=who.today)


async def _programme(reader: Reader) -> Programme:
    try:
        return await figures.read_programme(reader)
    except LookupError as error:
        raise ServiceRefused(Answer(status=404, body={"code": "PROGRAMME_NOT_FOUND"})) from error


# --- the page and its parts -------------------------------------------------------------------------------------------------
async def _evaluated(look: Look) -> dict[str, Any]:
    found = await figures.read_evaluation(look.reader, look.known_on, look.programme.code)
    return {"evaluation": found, "quotas": found.quotas_of(look.year)}


async def _months(look: Look) -> dict[str, Any]:
    return {"charts": drawings.months(look.text, await figures.read_months(look.reader, look.year, look.known_on), look.year)}


async def _replay(look: Look) -> dict[str, Any]:
    if not look.days:
        return {"charts": []}
    known = await replay.read(look.reader, look.year, dict.fromkeys((*look.days, look.today)))
    return {"charts": [drawings.replay(look.text, known, look.year, look.known_on)]}


async def _provinces(look: Look) -> dict[str, Any]:
    rows = await figures.read_ranking(look.reader, "province", look.year, look.known_on)
    return {"charts": [drawings.provinces(look.text, rows, look.year, look.query)]}


async def _destinations(look: Look) -> dict[str, Any]:
    rows = await figures.read_ranking(look.reader, "destination", look.year, look.known_on)
    return {"charts": drawings.destinations(look.text, rows, look.year)}


async def _restatements(look: Look) -> dict[str, Any]:
    closes, rows = await asyncio.gather(
        figures.read_closes(look.reader, look.known_on), figures.read_restatements(look.reader, str(look.year), look.known_on)
    )
    return {"closes": [one for one in closes if one.period.startswith(str(look.year))], "restatements": rows}


PARTS: Mapping[str, Callable[[Look], Awaitable[dict[str, Any]]]] = {
    "freshness": _evaluated,
    "targets": _evaluated,
    "quotas": _evaluated,
    "months": _months,
    "replay": _replay,
    "provinces": _provinces,
    "destinations": _destinations,
    "restatements": _restatements,
}


@router.get("/board")
async def show_board(
    who: Looker, year: YearAsked = None, known_on: KnownAsked = None, step: StepAsked = None, of: YearAsked = None
) -> Response:
    """`of`: the year whose days `step` counts."""
    look = await look_of(who, year, known_on, step if of in (None, year) else None)
    reading = {read: asyncio.ensure_future(_part(look, read)) for read in dict.fromkeys(PARTS.values())}
    parts = {name: Later(f"board/{name}.html", reading[read]) for name, read in PARTS.items()}
    waiting = who.text("The figures are being read.")
    values = {"look": look, "sentences": sentences, "vintage": read_map("china").vintage}
    return await render_later(who, "board/board.html", parts, waiting=waiting, **values)


async def _part(look: Look, read: Callable[[Look], Awaitable[dict[str, Any]]]) -> Mapping[str, Any]:
    """What the template of a part is drawn from."""
    return {"part": {"look": look, "drawings": drawings, "sentences": sentences, **await read(look)}}


@router.get("/board/parts/{part}")
async def part(who: Looker, part: str, year: YearAsked = None, known_on: KnownAsked = None, step: StepAsked = None) -> Response:
    """One part of the page, for a page that is open."""
    if part not in PARTS:
        raise ServiceRefused(Answer(status=404, body={"code": "NOT_FOUND"}))
    look = await look_of(who, year, known_on, step)
    content = environment().get_template(f"board/{part}.html").render(t=who.text, **await _part(look, PARTS[part]))
    return HTMLResponse(content, headers={"Cache-Control": "no-store"})


# --- places, events ---------------------------------------------------------------------------------------------------------
@router.get("/board/province/{code}")
async def province(
    who: Looker,
    code: Annotated[str, Path(pattern=r"^[1-9][0-9]0000$")],
    year: YearAsked = None,
    known_on: KnownAsked = None,
) -> Response:
    """Counties of a province, and where people from there go."""
    if code not in reference.provinces():
        raise ServiceRefused(Answer(status=404, body={"code": "NOT_FOUND"}))
    look = await look_of(who, year, known_on, None)
    by_county, by_destination = await asyncio.gather(*(_within(look, code, by) for by in ("county", "destination")))
    total = sum(by_destination.values())
    rows = [
        RankedRow(key="", code=name, value=value, share=(value, total))
        for name, value in sorted(by_destination.items(), key=lambda one: (-one[1], one[0]))
    ]
    charts = [*drawings.counties(who.text, code, by_county, look.year), *drawings.destinations(who.text, rows, look.year, code)]
    key = f"{MEASURE}|province:{code}|{look.year}"
    return render(
        who,
        "board/province.html",
        look=look,
        code=code,
        charts=charts,
        total=sum(by_county.values()),
        why=drawings.why_link(key, look.known_on),
        vintage=read_map(code).vintage,
    )


async def _within(look: Look, province_code: str, by: str) -> dict[str, int]:
    """Dispatches of a province's year by one more dimension."""
    query = {"from": look.year, "to": look.year, "by": by, "province": province_code, "as_known_at": look.known_on}
    answer = await look.reader.get("stats", f"/figures/{MEASURE}", **query)
    return {point["of"][by]: point["value"] for point in answer["points"] if point["value"]}


@router.get("/board/why")
async def why(
    who: Looker,
    key: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$")],
    known_on: KnownAsked = None,
    skip: Annotated[int, Query(ge=0, le=100_000_000, description="so many of the newest events are on the pages before")] = 0,
) -> Response:
    """The events behind a figure, read from the log: of millions of events this takes long."""

    async def read() -> dict[str, Any]:
        found = await figures.read_explanations(SlowReader(who.backend), key, known_on, limit=EVENTS, skip=skip)
        return {"name": name, "found": found, "sentences": sentences, "skip": skip, **pages_of(found, key, known_on, skip)}

    name = sentences.figure_name(who.text, key)
    return await render_later(who, "board/why.html", {"events": Later("board/explanations.html", read())}, name=name, known_on=known_on)


def pages_of(found: Sequence[Explanation], key: str, known_on: date | None, skip: int) -> dict[str, str | None]:
    """Addresses of the pages of newer and of older events; None: there are none."""
    kept = {"key": key, **({"known_on": known_on} if known_on else {})}
    newer, older = max(0, skip - EVENTS), skip + EVENTS
    return {
        "newer": "/board/why?" + urlencode({**kept, **({"skip": newer} if newer else {})}) if skip else None,
        "older": "/board/why?" + urlencode({**kept, "skip": older}) if any(one.number > older for one in found) else None,
    }


# --- live -------------------------------------------------------------------------------------------------------------------
# What an event changes on the page; FigurePublished: parts_of.
CHANGES: Mapping[str, tuple[str, ...]] = {
    "TargetProgressChanged": ("targets",),
    "ProjectionRebuilt": ("targets",),
    "QuotaStatusChanged": ("quotas",),
    "YearOnYearBreached": ("quotas",),
    "FigureRestated": ("restatements", "months", "replay"),
    "PeriodClosed": ("restatements", "replay"),
    "PeriodReopened": ("restatements", "replay"),
    "StalenessRaised": ("freshness",),
    "StalenessCleared": ("freshness",),
    "DeadLetterRedriven": ("freshness",),
}
_YEAR_OR_MONTH = re.compile(r"[0-9]{4}(-[0-9]{2})?")


@router.get("/board/stream")
async def stream(who: Looker, last: Annotated[int | None, Header(alias="last-event-id", ge=0, le=2**62)] = None) -> Response:
    """Server-sent events: what happened, in the visitor's words, and which parts of the page it changes."""
    live: Live = who.request.app.state.live
    if live.is_full:
        raise ServiceRefused(Answer(status=503, body={"code": "STREAM_FULL", "service": "stats"}))
    return StreamingResponse(
        _lines(live, who.backend, who.text, last),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(live: Live, backend: Backend, text: Texts, last: int | None) -> AsyncIterator[str]:
    yield "retry: 500\n\n"
    try:
        async with asyncio.timeout(STREAM_SECONDS):
            async for signal in live.follow(backend, last):
                yield _frame(signal, text)
    except TimeoutError:
        return


def _frame(signal: Signal, text: Texts) -> str:
    if isinstance(signal, Published):
        data = {"parts": parts_of(signal), "line": line_of(text, signal), "time": signal.envelope["time"], "kind": signal.kind}
        return f"id: {signal.number}\nevent: happened\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
    if isinstance(signal, Alive):
        return f"id: {signal.number}\n\n"
    if isinstance(signal, Missed):
        return "event: missed\ndata: {}\n\n"
    return f"event: {'connected' if isinstance(signal, Connected) else 'lost'}\ndata: {{}}\n\n"


def parts_of(published: Published) -> tuple[str, ...]:
    """What an event changes on the page: of a figure only the part that shows it, since many are published at once."""
    data = published.envelope["data"]
    if published.kind != "FigurePublished":
        return CHANGES.get(published.kind, ())
    if data["share"] is not None:
        return ("quotas", "freshness")
    if not _YEAR_OR_MONTH.fullmatch(data["period"]):
        return ("targets", "freshness")
    if data["cut"].startswith("province:"):
        return ("provinces",) if data["measure"] == MEASURE else ()
    return ("months", "destinations", "freshness") if data["measure"] in {MEASURE, "stock"} else ("freshness",)


def line_of(text: Texts, published: Published) -> str:
    """An event in a line, in the reader's words."""
    data = published.envelope["data"]
    key = str(data.get("key") or data.get("quota") or data.get("target") or data.get("period") or "")
    return f"{text.word('event', published.kind)}: {sentences.figure_name(text, key)}{_change(text, data)}"


def _change(text: Texts, data: Mapping[str, Any]) -> str:
    old, new = data.get("old"), data.get("new")
    if isinstance(old, int) and isinstance(new, int):
        return f": {text.number(old)} → {text.number(new)}"
    if data.get("status_to") or data.get("state_to"):
        return f": {sentences.shown_state(text, str(data.get('status_to') or data.get('state_to')))}"
    value = data.get("value")
    return f": {text.number(value)}" if isinstance(value, int) else ""
