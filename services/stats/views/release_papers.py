"""A release on paper."""

from __future__ import annotations

from collections.abc import Iterator

from services.stats.views import release_layout as layout
from services.stats.views.releases import TOTAL, ChangeOnYear, Release, ReleaseRow, ReleaseTable
from shared.papers.parts import Column, Fields, Lines, Paper, Part, Row, Table
from shared.texts import Texts


def release_paper(release: Release, text: Texts) -> Paper:
    title = layout.title(release, text)
    return Paper(
        language=text.language,
        title=title,
        subtitle=layout.closing(release, text),
        overline=text("Not for publication") if release.small else None,
        footer=f"{title} · {release.digest[:16]}",
        day=release.as_known_at,
        landscape=True,
        parts=(
            Lines(lines=layout.summary(release, text)),
            *(_table(table, text) for table in release.tables),
            _months(release, text),
            *_restatements(release, text),
            Fields(heading=text("Notes"), rows=[((label,), (value,)) for label, value in layout.notes(release, text)]),
        ),
    )


def _table(table: ReleaseTable, text: Texts) -> Table:
    groups = layout.groups(table, text)
    compared = [label for _ in groups for label in (text("Number"), text("Change"), text("Change, %"))]
    return Table(
        heading=text(layout.HEADINGS[table.by]),
        columns=(Column(text("Name"), number=False), *map(Column, compared), Column(text("Departures")), Column(text("Abroad"))),
        groups=(("", 1), *((group.label, 3) for group in groups), (text("Restated since"), 2)),
        rows=[Row(cells=tuple(_cells(table, row, text)), strong=row.of == TOTAL) for row in table.rows],
    )


def _cells(table: ReleaseTable, row: ReleaseRow, text: Texts) -> Iterator[str]:
    name = layout.name_of(table.by, row.of, text)
    yield f"{name} ({row.of})" if table.by in ("destination", "occupation") and row.of != TOTAL else name
    for change in (row.month, row.cumulative, row.stock):
        if change is not None:
            yield from _compared(change, text)
    for restated in (row.restated, row.restated_stock):
        yield layout.signed(restated) if restated else ""


def _compared(change: ChangeOnYear, text: Texts) -> tuple[str, str, str]:
    return text.number(change.value), layout.signed(change.change) if change.before else "–", layout.percent(change)


def _months(release: Release, text: Texts) -> Table:
    compared = (text("Number"), text("Change"), text("Change, %"))
    return Table(
        heading=text("By month"),
        columns=(Column(text("Month"), number=False), *map(Column, compared * 2)),
        groups=(("", 1), (text("From January"), 3), (text("Abroad at the end"), 3)),
        rows=[Row((one.month, *_compared(one.cumulative, text), *_compared(one.stock, text))) for one in release.months],
    )


def _restatements(release: Release, text: Texts) -> tuple[Part, ...]:
    if not release.restatements:
        return (Lines(heading=text("Restatements"), lines=(text("Nothing has been restated."),)),)
    columns = (
        *(Column(text(label), number=False) for label in ("Day of record", "What", "Why")),
        *(Column(text(label)) for label in ("Events", "Value before", "Value now")),
    )
    rows = [
        Row((one.effective.isoformat(), *layout.restated(one, text), text.number(one.old), text.number(one.new)))
        for one in release.restatements
    ]
    return (Table(heading=text("Restatements"), columns=columns, rows=rows),)
