"""The events behind a figure, on a screen of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Static

from console.api_client import RequestRefused, ServiceUnavailable
from console.board import figures, sentences
from console.board.rows import EventRow, Explanation
from shared.texts import Texts

COLUMNS = ("recorded", "happened on", "event", "adds", "figure")


class ExplanationScreen(Screen[None]):
    """Reads the explanation when it is shown; of a share both sides, one below the other."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,backspace", "dismiss", show=False)]
    CSS = """
    ExplanationScreen Static { padding: 0 1; height: auto; }
    ExplanationScreen .headline { text-style: bold; }
    ExplanationScreen DataTable { height: 1fr; background: $background; }
    """

    def __init__(self, t: Texts, client: figures.FigureReader, key: str, known_on: date | None) -> None:
        super().__init__()
        self.t, self.client, self.key, self.known_on = t, client, key, known_on

    def compose(self) -> ComposeResult:
        title = sentences.figure_name(self.t, self.key)
        known = self.t("as known on {day}", day=self.known_on.isoformat()) if self.known_on else self.t("as known now")
        yield Static(f"{self.t('The events behind {figure}', figure=title)}, {known}", classes="headline", markup=False)
        yield Static(self.t("Reading the log ..."), id="verdict", markup=False)
        yield DataTable(cursor_type="row")
        yield Static(self.t("Esc back   arrows scroll"), markup=False)

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for number, name in enumerate(COLUMNS):
            table.add_column(Text(self.t(name), justify="right" if number > 2 else "left"))
        table.focus()
        self.run_worker(self._read(), exclusive=True)

    async def _read(self) -> None:
        verdict = self.query_one("#verdict", Static)
        try:
            found = await figures.read_explanations(self.client, self.key, self.known_on)
        except RequestRefused as refused:
            verdict.update(self.t.word("error", refused.code) if self.t.has("error", refused.code) else str(refused))
        except ServiceUnavailable as error:
            verdict.update(str(error))
        else:
            programme = found[0].programme
            judged = [sentences.programme_in_force(self.t, programme)] if programme else []
            verdict.update("\n".join([*judged, *(sentences.verdict(self.t, one) for one in found)]))
            self._show(found)

    def _show(self, found: Sequence[Explanation]) -> None:
        table: DataTable[Text] = self.query_one(DataTable)
        for one in found:
            if len(found) > 1:
                table.add_row(Text(), Text(), Text(sentences.side(self.t, one), "bold"), Text(), Text())
            for event in one.events:
                table.add_row(*_cells(self.t, event))


def _cells(t: Texts, event: EventRow) -> tuple[Text, ...]:
    def amount(value: int) -> str:
        return sentences.money(t, value, event.currency) if event.currency else t.number(value)

    sign = "+" if event.delta > 0 else ""
    return (
        Text(sentences.moment(event.time)),
        Text(event.day.isoformat()),
        Text(sentences.event_name(t, event.type)),
        Text(f"{sign}{amount(event.delta)}", justify="right"),
        Text(amount(event.total), justify="right"),
    )
