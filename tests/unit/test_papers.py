"""Papers: every character they may hold is in their font, everything else is replaced, the same paper is the same bytes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from shared import reference
from shared.papers.characters import DRAWN, GETA, drawable
from shared.papers.drawing import draw, grouped, qr_code
from shared.papers.parts import Blanks, Column, Fields, Lines, Paper, Row, Table, Token
from shared.texts import LANGUAGES, texts
from tests.support.papers import read_paper

PAPER = Paper(
    language="zh",
    title="标题 title",
    footer="footer",
    day=date(2019, 3, 1),
    parts=(
        Fields(heading="fields", rows=((("标签", "label"), ("值", "value")), (("one",), ("two",)))),
        Table(columns=(Column("name", number=False), Column("number")), groups=(("group", 2),), rows=(Row(("山东", "1,234")),)),
        Token(token="a.b.c" * 90, alt="code", lines=("line",)),
        Blanks(lines=("by hand",), labels=("Name", "Passport")),
        Lines(lines=("=cmd()", "#eval(1)")),
    ),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_character_that_counts_as_drawable_is_in_the_font(language: str) -> None:
    every = [chr(code) for part in DRAWN for code in part]
    lines = ["".join(every[start : start + 200]) for start in range(0, len(every), 200)]
    assert draw(replace(PAPER, language=language, parts=(Lines(lines=lines),))).startswith(b"%PDF-"), "PDF/A refuses one that is not"


def test_names_of_places_countries_and_occupations_are_drawn_as_they_are() -> None:
    names = [row["name_zh"] for row in reference.divisions()] + list(reference.occupations().values())
    names += [text.country(code) for text in map(texts, LANGUAGES) for code in ("CIV", "STP", "CUW", "ALA", "TUR", "REU", "JPN")]
    assert not [name for name in names if drawable(name) != name]


def test_other_characters_become_their_base_letter_or_a_mark_and_no_control_gets_through() -> None:
    assert drawable("ąęł Ž") == "ae〓 Z"
    assert drawable("é e\u0301") == "é é"
    for hidden in ("\u202e", "\u200b", "\ufeff", "\x00", "\n", "\ud800", "🙂", "\u00ad"):
        assert drawable(f"a{hidden}b") == f"a{GETA}b"


def test_the_same_paper_is_the_same_bytes_also_when_several_are_drawn_at_once() -> None:
    other = replace(PAPER, title="another")

    async def drawn() -> list[bytes]:
        return list(await asyncio.gather(*(asyncio.to_thread(draw, paper) for paper in (PAPER, other) * 4)))

    found = asyncio.run(drawn())
    assert (len(set(found[::2])), len(set(found[1::2])), len(set(found))) == (1, 1, 2)


def test_a_paper_is_archivable_tagged_and_carries_its_font() -> None:
    paper = read_paper(draw(PAPER))
    assert paper.tagged
    assert all(mark in paper.metadata for mark in ("pdfaid", "pdfuaid"))
    assert all(font[8:].startswith("NotoSansCJK") for font in paper.fonts), "a subset, by its prefix"
    for shown in ("标题 title", "label", "1,234", "=cmd()", "#eval(1)"):
        assert paper.shows(shown)


def test_a_token_fits_a_code_that_a_camera_reads_and_can_be_typed_off() -> None:
    token = "eyJ" + "aZ09-_." * 100
    assert read_paper(draw(replace(PAPER, parts=(Token(token=token, alt="code", lines=()),)))).codes == [token]
    assert grouped("abcdefghij") == "abcdefgh ij"
    assert qr_code(token).startswith("<svg")
