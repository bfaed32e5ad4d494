"""An audit on paper: what was compared, up to where, with the digests that a second auditor compares with the own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from console.commands.log_reading import MOST_NAMED
from services.stats.replay.audit import Audit, cell_name
from shared.papers.parts import Column, Fields, Lines, Paper, Part, Row, Table
from shared.texts import Texts


def audit_paper(found: Audit, text: Texts, on: date) -> Paper:
    """`on`: the day of the audit."""
    title = text("Audit of the stored figures")
    return Paper(
        language=text.language,
        title=title,
        subtitle=_verdict(found, text),
        footer=f"{title} · {on} · {found.fingerprint[:16]}",
        day=on,
        landscape=True,
        parts=(_summary(found, text, on), _digests(found, text), *_differences(found, text), _positions(found, text), _method(text)),
    )


def _verdict(found: Audit, text: Texts) -> str:
    if not found.passed:
        return text("DIFFERENT: stored figures are not what a recount of the log gives.")
    if not found.clean:
        return text("Every figure is equal; some records need a decision.")
    return text("Every figure is equal to a recount of the log.")


def _summary(found: Audit, text: Texts, on: date) -> Fields:
    counted = (
        (text("Day of the audit"), text.day(on)),
        (text("Fingerprint (SHA-256)"), found.fingerprint),
        (text("Events recounted"), text.number(found.events)),
        (text("Cells stored"), text.number(found.cells)),
        (text("Cells that differ"), text.number(len(found.differing))),
        (text("Sums that differ"), text.number(len(found.sums))),
        (text("Records left out, in dead letters"), text.number(len(found.uncounted))),
        (text("Records counted nowhere"), text.number(len(found.unaccounted))),
        (text("Events that contradict their source"), text.number(len(found.source_conflicts))),
    )
    return Fields(rows=[((label,), (value,)) for label, value in counted])


def _digests(found: Audit, text: Texts) -> Table:
    rows = [
        Row(
            (
                _cut(text, cut),
                text("equal") if stored == recounted else text("DIFFERENT"),
                stored if stored == recounted else f"{stored} {recounted}",
                *map(text.number, found.cut_cells[cut]),
            ),
            strong=stored != recounted,
        )
        for cut, (stored, recounted) in found.digests.items()
    ]
    return Table(
        heading=text("Digests of the cells, cut by cut"),
        columns=(
            Column(text("Cut"), number=False, share=2),
            Column(text("Verdict"), number=False),
            Column(text("SHA-256; where different, stored and recounted"), number=False, share=3),
            Column(text("Stored")),
            Column(text("Recounted")),
        ),
        rows=rows,
    )


def _cut(text: Texts, name: str) -> str:
    """In the reader's words, beside the name that `laowu audit` prints."""
    parts = [text.word("field", _FIELDS.get(part, part.replace(" ", "_"))) for part in re.split(" x | and ", name)]
    return name if text.language == "en" else f"{' × '.join(parts)}（{name}）"


_FIELDS = {"age": "age_band"}


def _differences(found: Audit, text: Texts) -> Sequence[Part]:
    named = [(cell_name(cell), stored, counted) for cell, stored, counted in found.differing] + found.sums
    if not named:
        return ()
    table = Table(
        heading=text("What differs"),
        columns=(Column(text("Cell or sum"), number=False), Column(text("Stored")), Column(text("Recounted"))),
        rows=[Row((name, text.number(stored), text.number(counted))) for name, stored, counted in named[:MOST_NAMED]],
    )
    left = len(named) - MOST_NAMED
    return (table, Lines(lines=(text("{number} more: laowu audit --json names all.", number=left),))) if left > 0 else (table,)


def _positions(found: Audit, text: Texts) -> Table:
    """Topic by topic, since most have several partitions."""
    topics: dict[str, list[str]] = {}
    for (topic, partition), offset in sorted(found.positions.items()):
        topics.setdefault(topic, []).append(f"{partition}: {offset}")
    return Table(
        heading=text("Log read up to (next offset of each partition)"),
        columns=(Column(text("Topic"), number=False), Column(text("Partition: offset"), number=False, share=3)),
        rows=[Row((topic, ", ".join(offsets))) for topic, offsets in topics.items()],
    )


def _method(text: Texts) -> Lines:
    return Lines(
        heading=text("How it was done"),
        lines=(
            text(
                "The whole log was read and counted event by event with the reference fold, and every stored cell compared with the result."
            ),
            text(
                "A digest is SHA-256 over the cells of a cut in key order; the fingerprint is SHA-256 over positions and digests. "
                "A second auditor who recounts the same log up to the same positions must get the same fingerprint."
            ),
        ),
    )
