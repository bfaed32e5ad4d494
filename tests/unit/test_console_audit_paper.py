"""An audit on paper: what it says when figures are equal, when they differ, and in which language."""

from __future__ import annotations

from datetime import date

import pytest

from console.commands.audit_paper import audit_paper
from console.commands.log_reading import MOST_NAMED
from services.stats.counting.cuts import CUTS
from services.stats.counting.reference_fold import Cell
from services.stats.replay.audit import Audit
from shared.delivery.positions import TopicPartition
from shared.papers.drawing import draw
from shared.texts import LANGUAGES, texts
from tests.support.papers import ReadPaper, read_paper

ON = date(2021, 2, 1)
SHA, OTHER = "ab12" * 16, "cd34" * 16


def an_audit(differing: int = 0) -> Audit:
    cell = Cell(measure=6, cut=5, k1="370000", k2="labour_cooperation", day=date(2018, 5, 9), recorded_on=date(2018, 5, 9), currency="")
    return Audit(
        events=46_000,
        cells=120_000,
        positions={TopicPartition("docking.events", partition): 1000 + partition for partition in range(6)},
        uncounted=["docking.events/0@7"],
        digests={cut.name: (SHA, OTHER if differing and cut.code == 5 else SHA) for cut in CUTS},
        cut_cells={cut.name: (1000, 1000) for cut in CUTS},
        differing=[(cell, number, number + 1) for number in range(differing)],
        sums=[],
        unaccounted=[],
        source_conflicts=[],
    )


def paper(found: Audit, language: str = "en") -> ReadPaper:
    return read_paper(draw(audit_paper(found, texts(language), ON)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_what_a_second_auditor_compares(language: str) -> None:
    found = an_audit()
    read = paper(found, language)
    for shown in (found.fingerprint, SHA, "docking.events", "5: 1005", "46,000", "120,000"):
        assert read.shows(shown), shown
    assert read.tagged


def test_cuts_are_named_in_the_readers_words_beside_the_name_that_the_command_prints() -> None:
    assert paper(an_audit(), "zh").shows("性别 × 年龄段（province x sex and age）")


def test_it_says_in_its_first_lines_whether_the_figures_are_equal() -> None:
    assert paper(an_audit()).text.splitlines()[1].startswith("Every figure is equal to a recount")
    differing = paper(an_audit(3))
    assert differing.text.splitlines()[1].startswith("DIFFERENT")
    assert differing.shows(OTHER)
    assert differing.shows("dispatches | province x channel | 370000 | labour_cooperation | 2018-05-09")


def test_of_many_differences_the_first_are_named_and_the_rest_counted() -> None:
    assert paper(an_audit(MOST_NAMED + 7)).shows("7 more: laowu audit --json names all.")


def test_the_same_audit_is_the_same_bytes() -> None:
    first, second = (draw(audit_paper(an_audit(), texts("zh"), ON)) for _ in range(2))
    assert first == second
