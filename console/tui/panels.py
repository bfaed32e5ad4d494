"""One panel per kind of row. A panel is given a board and shows it; what is shown already is left as it is, cursor and all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable, OptionList, Static
from textual.widgets.option_list import Option

from console.board import sentences
from console.board.rows import Board, MonthRow, QuotaRow, RankedRow, RestatementRow, TargetRow
from console.tui import plots
from shared.texts import Texts

STYLES = {"good": "green", "warning": "yellow", "bad": "bold red", "open": "dim"}
BASIS_POINTS = 10_000
NARROW = 80  # columns: what is drawn before a panel knows its width
Row = tuple[str, tuple[str, ...]]  # the key of the figure, and its cells


class FigureChosen(Message):
    """Somebody asks for the events behind a figure."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class Panel(Vertical):
    """`number` is the key that shows it; `title` its name, a sentence of the catalogue."""

    title: ClassVar[str]

    def __init__(self, t: Texts) -> None:
        super().__init__(id=type(self).__name__.lower())
        self.t = t
        self.shown: Board | None = None

    def on_mount(self) -> None:
        self.border_title = self.t(self.title)

    def show(self, found: Board) -> None:
        """Draw the board's rows."""

    def redraw(self) -> None:
        """For another width, or another place of the cursor."""
        if self.shown is not None:
            self.show(self.shown)

    def on_resize(self) -> None:
        self.redraw()

    @property
    def width(self) -> int:
        return (self.size.width or NARROW) - 3  # a scroll bar and a margin


# --- blocks of lines ------------------------------------------------------------------------------------------------------
class BlockPanel(Panel):
    """A list of blocks, and below it what there is to say about the one that is chosen."""

    def compose(self) -> ComposeResult:
        yield OptionList(markup=False)
        yield Static(markup=False)

    def show_blocks(self, blocks: Sequence[tuple[str, Text]]) -> None:
        options = self.query_one(OptionList)
        before = [options.get_option_at_index(number) for number in range(options.option_count)]
        if [(option.id, option.prompt) for option in before] != list(blocks):
            place = options.highlighted
            options.set_options([Option(text, id=key) for key, text in blocks])
            options.highlighted = min(place or 0, len(blocks) - 1) if blocks else None
        self._show_below()

    def below(self, found: Board, place: int) -> str:
        """About the block at a place."""
        raise NotImplementedError

    def _show_below(self) -> None:
        place = self.query_one(OptionList).highlighted
        self.query_one(Static).update("" if self.shown is None or place is None else self.below(self.shown, place))

    def on_option_list_option_highlighted(self) -> None:
        self._show_below()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.post_message(FigureChosen(str(event.option_id)))


class Targets(BlockPanel):
    title = "Targets"

    def show(self, found: Board) -> None:
        self.shown = found
        self.show_blocks([(target.key, self._block(target)) for target in found.evaluation.targets])

    def _block(self, target: TargetRow) -> Text:
        t, width = self.t, self.width
        block = _headline(sentences.target_title(t, target.code), sentences.state(t, target.state), target.state, width)
        block.append(f"\n{sentences.progress(t, target)}\n")
        marks = [(value, sign) for value, sign in ((target.floor, "|"), (target.stretch, "¦")) if value is not None]
        band = (target.projection.low, target.projection.high) if target.projection else None
        block.append(plots.track(target.actual, marks, band, width), "cyan")
        block.append(f"\n{sentences.run_rate(t, target)} {sentences.projection(t, target)}".rstrip(" "))
        return block

    def below(self, found: Board, place: int) -> str:
        target = found.evaluation.targets[place]
        return " ".join(filter(None, (sentences.pending(self.t, target), sentences.method(self.t, target))))


class Quotas(BlockPanel):
    title = "Quotas"

    def show(self, found: Board) -> None:
        self.shown = found
        self.show_blocks([(quota.key, self._block(quota)) for quota in found.evaluation.quotas_of(found.year)])

    def _block(self, quota: QuotaRow) -> Text:
        t, (num, den) = self.t, quota.share
        block = _headline(f"{quota.code} {quota.year}", sentences.state(t, quota.status), quota.status, self.width)
        share = f" = {sentences.percent(t, quota.share)}" if quota.percent else ""
        block.append(f"\n{t.number(num)} / {t.number(den)}{share}  {sentences.threshold(t, quota)}  {sentences.rise(t, quota)}\n")
        up, down = quota.threshold
        mark = up * BASIS_POINTS // down
        block.append(plots.track(num * BASIS_POINTS // den if den else 0, [(mark, "|"), (2 * mark, " ")], None, self.width), "cyan")
        block.append(f"\n{sentences.gap(t, quota)}")
        return block

    def below(self, found: Board, place: int) -> str:
        return sentences.quota_title(self.t, found.evaluation.quotas_of(found.year)[place])


def _headline(title: str, state: str, code: str | None, width: int) -> Text:
    """A title, and at the right its state."""
    gap = max(width - cell_len(title) - cell_len(state), 1)
    line = Text(title, "bold")
    line.append(" " * gap)
    line.append(state, STYLES[sentences.TONES.get(code or "", "open")])
    return line


# --- tables ---------------------------------------------------------------------------------------------------------------
class TablePanel(Panel):
    """A table; the columns that are named in `left` hold words, the others figures."""

    columns: ClassVar[tuple[str, ...]]
    left: ClassVar[frozenset[int]] = frozenset({0})

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row", zebra_stripes=False)
        yield Static(markup=False)

    def on_mount(self) -> None:  # Textual calls the base class's too
        self._rows: list[Row] = []
        for number, name in enumerate(self.columns):
            caption = self.t(name) if name else ""
            self.table.add_column(Text(caption, justify="left" if number in self.left else "right"))

    @property
    def table(self) -> DataTable[Text]:
        return self.query_one(DataTable)

    def show_rows(self, rows: list[Row], below: str = "") -> None:
        """Keeps the cursor on the figure it is on. Keys may repeat: a figure may be restated more than once."""
        self.query_one(Static).update(below)
        if rows == self._rows:
            return
        place, scrolled = self.table.cursor_row, self.table.scroll_y
        chosen = self._rows[place][0] if place < len(self._rows) else None
        self._rows = rows
        self.table.clear()
        for _, cells in rows:
            self.table.add_row(*(Text(cell, justify="left" if number in self.left else "right") for number, cell in enumerate(cells)))
        keys = [key for key, _ in rows]
        self.table.move_cursor(row=keys.index(chosen) if chosen in keys else 0, scroll=False)
        self.table.scroll_to(y=scrolled, animate=False)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        if event.cursor_row < len(self._rows):
            self.choose(self._rows[event.cursor_row][0])

    def choose(self, key: str) -> None:
        """What Enter does to the row of a key."""
        self.post_message(FigureChosen(key))


class Months(TablePanel):
    title = "Months"
    columns = ("month", "sent", "year before", "change", "since January", "change", "abroad", "change")
    HEIGHT = 4  # lines of the plot

    def show(self, found: Board) -> None:
        self.shown = found
        self.show_rows([(row.key, self._cells(row)) for row in found.months], self._plot(found.months))

    def _cells(self, row: MonthRow) -> tuple[str, ...]:
        t = self.t
        return (
            row.month,
            t.number(row.dispatches),
            "" if row.dispatches_before is None else t.number(row.dispatches_before),
            sentences.change_in_percent(t, row.dispatches, row.dispatches_before),
            t.number(row.cumulative),
            sentences.change_in_percent(t, row.cumulative, row.cumulative_before),
            t.number(row.stock),
            sentences.change_in_percent(t, row.stock, row.stock_before),
        )

    def _plot(self, rows: Sequence[MonthRow]) -> str:
        width = 3 if self.width < 12 * 8 else 4
        lines = plots.columns([(row.dispatches, row.dispatches_before) for row in rows], self.HEIGHT, width)
        lines.append("".join(f"{row.month[-2:]:<{2 * width}}" for row in rows))
        lines.append(self.t("sent, {full} this year, {light} the year before", full=plots.FULL, light=plots.LIGHT))
        return "\n".join(lines)


class Ranking(TablePanel):
    columns = ("", "sent", "share", "")
    left = frozenset({0, 3})

    def rows_of(self, found: Board) -> Sequence[RankedRow]:
        """The ranking that is shown."""
        raise NotImplementedError

    def place_name(self, code: str) -> str:
        raise NotImplementedError

    def show(self, found: Board) -> None:
        self.shown = found
        rows = self.rows_of(found)
        most = rows[0].value if rows else 0
        names = [self.place_name(row.code) for row in rows]
        room = max(self.width - max(map(cell_len, names), default=0) - 26, 4)
        self.show_rows(
            [
                (
                    row.key,
                    (name, self.t.number(row.value), sentences.percent(self.t, row.share, 1), plots.bar(row.value, most, room)),
                )
                for row, name in zip(rows, names, strict=True)
            ]
        )


class Provinces(Ranking):
    title = "Provinces"

    def rows_of(self, found: Board) -> Sequence[RankedRow]:
        return found.provinces

    def place_name(self, code: str) -> str:
        return self.t.place(code)


class Destinations(Ranking):
    title = "Destinations"

    def rows_of(self, found: Board) -> Sequence[RankedRow]:
        return found.destinations

    def place_name(self, code: str) -> str:
        return self.t.country(code)


class Restatements(TablePanel):
    title = "Restated"
    columns = ("known on", "figure", "was", "is", "why")
    left = frozenset({0, 1, 4})

    def show(self, found: Board) -> None:
        self.shown = found
        closed = next((close for close in found.closes if close.period == str(found.year)), None)
        below = (
            self.t("Published on {day}; every later change is listed.", day=closed.closed_on.isoformat())
            if closed
            else self.t("Not published yet: figures of this year are preliminary.")
        )
        rows = [self._cells(row) for row in found.restatements]
        room = max(self.width - self._width_without_name(rows), 12)
        cut = [(day, set_cell_size(name, room) if cell_len(name) > room else name, *rest) for day, name, *rest in rows]
        self.show_rows([(row.key, cells) for row, cells in zip(found.restatements, cut, strict=True)], below)

    def _cells(self, row: RestatementRow) -> tuple[str, ...]:
        t = self.t
        name = " ".join(filter(None, (sentences.restated_figure(t, row), row.currency)))
        amounts = (sentences.restated_amount(t, row, value) for value in (row.old, row.new))
        return (row.on.isoformat(), name, *amounts, sentences.restated(t, row))

    def _width_without_name(self, rows: Sequence[tuple[str, ...]]) -> int:
        captions = [self.t(name) for name in self.columns]
        widths = [max(map(cell_len, (caption, *(row[number] for row in rows)))) for number, caption in enumerate(captions)]
        return sum(widths) - widths[1] + 2 * len(widths)


class Replay(TablePanel):
    """How a year's figures came about: what was known of it at each of a row of days. Enter looks at everything as known then."""

    title = "Replay"
    columns = ("as known on", "sent", "change", "")
    left = frozenset({0, 3})

    class DayChosen(Message):
        """None: now."""

        def __init__(self, day: date | None) -> None:
            super().__init__()
            self.day = day

    def show_known(self, known: Sequence[tuple[date | None, int]], looking_at: date | None) -> None:
        """Per day (None: now) the dispatches; `looking_at`: the day at which the board stands."""
        most = max((value for _, value in known), default=0)
        room = max(self.width - 36, 4)
        before = 0
        rows: list[Row] = []
        for day, value in known:
            name = day.isoformat() if day else self.t("now")
            change = sentences.signed(self.t, value - before) if value != before else ""
            cells = (f"{'>' if day == looking_at else ' '} {name}", self.t.number(value), change, plots.bar(value, most, room))
            rows.append((day.isoformat() if day else "", cells))
            before = value
        self.show_rows(rows, self.t("Enter: look at everything as it was known on that day."))

    def choose(self, key: str) -> None:
        self.post_message(Replay.DayChosen(date.fromisoformat(key) if key else None))


PANELS: tuple[type[Panel], ...] = (Targets, Quotas, Months, Restatements, Provinces, Destinations, Replay)  # in the order of their keys
