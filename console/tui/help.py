"""What the keys of the board do and what its signs mean."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from console.board import sentences
from console.tui import plots
from shared.texts import Texts

KEYS = (
    ("1-7, Tab", "the panels"),
    ("< >", "the year before, the year after"),
    (", .", "as known a step earlier, a step later: the ends of months, and the days on which the year was published"),
    ("n", "as known now"),
    ("p", "plays the year, step by step, up to now; again: stops"),
    ("Enter", "the events behind a figure; in the replay: looks at everything as it was known on that day"),
    ("Esc", "back"),
    ("q, Ctrl-C", "ends the board"),
)


class HelpScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1", "dismiss", show=False)]
    CSS = "HelpScreen Static { padding: 0 1; }"

    def __init__(self, t: Texts) -> None:
        super().__init__()
        self.t = t

    def compose(self) -> ComposeResult:
        t = self.t
        lines = [f"{key:<12}{t(meaning)}" for key, meaning in KEYS]
        states = "   ".join(dict.fromkeys(sentences.state(t, code) for code in sentences.SIGNS))
        track = t(
            "{full} so far   {light} where a target is heading   | the floor or threshold   ¦ the stretch",
            full=plots.FULL,
            light=plots.LIGHT,
        )
        with VerticalScroll():
            yield Static("\n".join([*lines, "", states, "", track]), markup=False)
