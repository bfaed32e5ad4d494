"""The board's application: keys, which year as known when, and reading again whenever something is published."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.widgets import Static

from console.api_client import ApiClient, RequestRefused, ServiceUnavailable
from console.board import figures, replay, sentences, stream
from console.board.rows import Board, Close
from console.tui import plots
from console.tui.explanation import ExplanationScreen
from console.tui.help import HelpScreen
from console.tui.panels import PANELS, FigureChosen, Panel, Replay
from shared.texts import Texts
from shared.values import Clock

AGAIN_AFTER = 10.0  # seconds without an event: freshness moves on by itself
LEAST_PAUSE = 0.2  # seconds between two looks, however much is published
PLAY_PAUSE = 1.0  # seconds a step of a replay stays
CHANGE_THE_PAST = frozenset({"DeadLetterRedriven", "ProjectionRebuilt"})
WIDE, TALL = 165, 57  # from which size on every panel is shown at once


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at. `year` None: the last one begun; `known_on` None: now."""

    year: int | None = None
    known_on: date | None = None


class BoardApp(App[None]):
    """Shows the board of one programme until `q` or Ctrl-C."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c,ctrl+q", "quit", show=False, priority=True),
        Binding("less_than_sign", "year(-1)", show=False),
        Binding("greater_than_sign", "year(1)", show=False),
        Binding("comma", "step(-1)", show=False),
        Binding("full_stop", "step(1)", show=False),
        Binding("n", "now", show=False),
        Binding("p", "play", show=False),
        Binding("tab", "next_panel(1)", show=False, priority=True),
        Binding("shift+tab", "next_panel(-1)", show=False, priority=True),
        Binding("question_mark,f1", "help", show=False),
        *(Binding(str(number), f"panel({number - 1})", show=False) for number in range(1, len(PANELS) + 1)),
    ]
    CSS = """
    Screen { layout: vertical; }
    #head, #tabs, #live, #news, #keys { height: 1; padding: 0 1; }
    #head { text-style: bold; background: $panel; }
    #keys { background: $panel; color: $text-muted; }
    #panels { height: 1fr; }
    #panels > Panel { display: none; }
    #panels > Panel.chosen { display: block; }
    Panel { height: 1fr; }
    Panel OptionList, Panel OptionList:focus, Panel DataTable { height: 1fr; border: none; padding: 0; background: $background; }
    Panel Static { height: auto; padding: 0 1; color: $text-muted; }
    .wide #panels { layout: grid; grid-size: 10 3; grid-rows: 21 21 1fr; }
    .wide #panels > Panel { display: block; border: round $panel-lighten-2; border-title-color: $text; column-span: 5; }
    .wide #panels > Panel.chosen { border: heavy $accent; }
    .wide #panels > #provinces, .wide #panels > #destinations { column-span: 3; }
    .wide #panels > #replay { column-span: 4; }
    """

    def __init__(self, client: ApiClient, t: Texts, programme: str = figures.MAIN) -> None:
        super().__init__()
        self.client, self.t, self.programme = client, t, programme
        self.look = Look()
        self.shown: Board | None = None
        self.closes: Sequence[Close] = ()
        self.days: Sequence[date] = ()  # at which the year is looked at again
        self.connection: stream.Connected | stream.Lost | None = None
        self.news = ""
        self.failure = ""
        self.playing = False
        self._wanted = asyncio.Event()
        self._known: dict[tuple[int, date | None], int] = {}  # of a year as known on a day: never changes but for now

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Static(id="tabs", markup=False)
        with Container(id="panels"):
            for panel in PANELS:
                yield panel(self.t)
        yield Static(self.t("Connecting ..."), id="live", markup=False)
        yield Static(id="news", markup=False)
        yield Static(self.t("1-7 panel  < > year  , . known on  n now  p play  Enter events  ? help  q quit"), id="keys", markup=False)

    def on_mount(self) -> None:
        self.title = "Laowu"
        self._choose(0)
        self.run_worker(self._keep_reading(), name="figures")
        self.run_worker(self._keep_listening(), name="stream")
        self.set_interval(AGAIN_AFTER, self._wanted.set)
        self._wanted.set()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width >= WIDE and event.size.height >= TALL, "wide")
        self._draw_head()

    # --- reading ------------------------------------------------------------------------------------------------------
    async def _keep_reading(self) -> None:
        """A look after the other, each when it is wanted; what is wanted meanwhile is one more."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            began = time.monotonic()
            await self._read(self.look)
            await asyncio.sleep(max(LEAST_PAUSE - (time.monotonic() - began), 0))

    async def _read(self, look: Look) -> None:
        try:
            found = await figures.read_board(self.client, look.year, look.known_on, self.programme)
            if look == self.look:
                self.failure = ""
                self._show(found)
                await self._read_replay(found)
        except RequestRefused as refused:
            self.failure = self.t.word("error", refused.code) or str(refused)
            self._draw_live()
        except ServiceUnavailable as error:
            self.failure = str(error)
            self._draw_live()
            self._wanted.set()

    async def _read_replay(self, found: Board) -> None:
        """What was known on a day is read once, as soon as everything that was recorded by then is counted."""
        through = found.freshness.complete_through
        complete = {day for day in self.days if through is not None and day < through.date()}
        missing = [day for day in self.days if (found.year, day) not in self._known or day not in complete]
        for known in await replay.read(self.client, found.year, missing):
            self._known[found.year, known.on] = known.dispatches
        if self.shown is not None and self.shown.year == found.year:
            self._draw_replay(self.shown)

    async def _keep_listening(self) -> None:
        async for signal in stream.follow(self.client):
            match signal:
                case stream.Published():
                    self.news = sentences.published(self.t, signal.envelope) or self.news
                    if signal.kind in CHANGE_THE_PAST:
                        self._known.clear()
                    self._wanted.set()
                case stream.Missed():
                    self._wanted.set()
                case stream.Connected():
                    if isinstance(self.connection, stream.Lost):
                        self._wanted.set()
                    self.connection = signal
                case stream.Lost():
                    self.connection = signal
            self._draw_live()

    # --- drawing ------------------------------------------------------------------------------------------------------
    def _show(self, found: Board) -> None:
        self.shown = found
        self.look = replace(self.look, year=found.year)
        if found.freshness.known_on is None:
            self.closes = found.closes
            self.days = replay.days(found.year, Clock().today(), self.closes)
            self._known[found.year, None] = sum(row.value for row in found.provinces)
        for panel in self.query(Panel):
            panel.show(found)
        self._draw_replay(found)
        self._draw_head()
        self._draw_live()

    def _draw_replay(self, found: Board) -> None:
        steps: list[date | None] = [*self.days, None]
        known = [(day, self._known[found.year, day]) for day in steps if (found.year, day) in self._known]
        self.query_one(Replay).show_known(known, self.look.known_on)

    def _place(self, steps: Sequence[date | None]) -> int:
        known_on = self.look.known_on
        return len(steps) - 1 if known_on is None else steps.index(known_on) if known_on in steps else -1

    def _draw_head(self) -> None:
        if self.shown is None:
            return
        plan, year = self.shown.programme, self.shown.year
        head = Text(f"{plan.code}  ")
        for each in plan.years:
            head.append(f"[{each}]" if each == year else f" {each} ", "reverse" if each == year else "")
        place = self._place([*self.days, None])
        head.append(f"  {plots.slider(place, len(self.days) + 1, 17)} {sentences.known(self.t, self.shown.freshness)}")
        if self.has_class("wide"):
            head.append(f"   {sentences.programme_title(self.t, plan)}")
        self.query_one("#head", Static).update(head)
        tabs = []
        for number, panel in enumerate(PANELS, 1):
            name = f"{number} {self.t(panel.title)}"
            chosen = self.query_one(panel).has_class("chosen")
            tabs.append(Text(f"[{name}]", "bold reverse") if chosen else Text(name))
        self.query_one("#tabs", Static).update(Text(" ").join(tabs))

    def _draw_live(self) -> None:
        t = self.t
        match self.connection:
            case stream.Connected():
                live = Text(t("+ live"), "green")
            case stream.Lost(status=None):
                live = Text(t("! reconnecting: stats does not answer"), "bold yellow")
            case stream.Lost(status=status):
                live = Text(t("! reconnecting: refused with {status}", status=status), "bold yellow")
            case None:
                live = Text(t("Connecting ..."))
        if self.shown is not None:
            fresh = self.shown.freshness
            lag = Text(sentences.lag(t, fresh), "bold yellow" if sentences.is_stale(fresh) else "")
            live = Text("  ").join([live, Text(sentences.complete_through(t, fresh)), lag, Text(sentences.parked(t, fresh))])
        self.query_one("#live", Static).update(live)
        self.query_one("#news", Static).update(self.failure or self.news)

    # --- keys ---------------------------------------------------------------------------------------------------------
    def _choose(self, place: int) -> None:
        for number, kind in enumerate(PANELS):
            panel = self.query_one(kind)
            panel.set_class(number == place, "chosen")
            if number == place:
                panel.query_one("OptionList, DataTable").focus()
        self._draw_head()

    def action_panel(self, place: int) -> None:
        self._choose(place)

    def action_next_panel(self, by: int) -> None:
        chosen = next(number for number, kind in enumerate(PANELS) if self.query_one(kind).has_class("chosen"))
        self._choose((chosen + by) % len(PANELS))

    def action_year(self, by: int) -> None:
        if self.shown is not None:
            years = self.shown.programme.years
            place = years.index(self.look.year) if self.look.year in years else 0
            year = years[min(max(place + by, 0), len(years) - 1)]
            self.days = replay.days(year, Clock().today(), self.closes)
            self._look_at(Look(year))

    def action_step(self, by: int) -> None:
        self.playing = False
        self._look_at(replace(self.look, known_on=replay.step(self.days, self.look.known_on, by)))

    def action_now(self) -> None:
        self.playing = False
        self._look_at(replace(self.look, known_on=None))

    def action_play(self) -> None:
        """From the first day (or where one stands) to now, a step a second; again: stop."""
        self.playing = not self.playing
        if self.playing and self.days:
            if self.look.known_on is None:
                self._look_at(replace(self.look, known_on=self.days[0]))
            self.set_timer(PLAY_PAUSE, self._play_on)

    def _play_on(self) -> None:
        if self.playing:
            following = replay.step(self.days, self.look.known_on, 1)
            self._look_at(replace(self.look, known_on=following))
            self.playing = following is not None
            if self.playing:
                self.set_timer(PLAY_PAUSE, self._play_on)

    def _look_at(self, look: Look) -> None:
        self.look = look
        self._wanted.set()

    def on_replay_day_chosen(self, message: Replay.DayChosen) -> None:
        self._look_at(replace(self.look, known_on=message.day))

    def on_figure_chosen(self, message: FigureChosen) -> None:
        self.push_screen(ExplanationScreen(self.t, self.client, message.key, self.look.known_on))

    def action_help(self) -> None:
        self.push_screen(HelpScreen(self.t))
