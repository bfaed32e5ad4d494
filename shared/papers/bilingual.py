"""Chinese and English beside each other: what a paper says that is read at home and at a border."""

from __future__ import annotations

from datetime import date

from shared.papers.parts import Blanks, Part, Token
from shared.texts import texts

ZH, EN = texts("zh"), texts("en")
Pair = tuple[str, ...]  # Chinese, English; or one for both


def both(sentence: str) -> tuple[str, str]:
    """An English sentence, which is its own key, with its Chinese before it."""
    return ZH(sentence), EN(sentence)


def same(text: str) -> Pair:
    """What needs no translation."""
    return (text,)


def span(first: date, last: date) -> Pair:
    return f"{ZH.day(first)} – {ZH.day(last)}", f"{EN.day(first)} – {EN.day(last)}"


def coded(zh: str, en: str, code: str) -> Pair:
    """A name with its code."""
    return f"{zh}（{code}）", f"{en} ({code})"


def proof(token: str) -> tuple[Part, ...]:
    """The end of every certificate: lines for the name, and how the signed token is checked against what is printed."""
    return (
        Blanks(
            lines=(" ".join(both("Written in by the office that hands the paper out; the system prints no name:")),),
            labels=tuple(" ".join(both(label)) for label in ("Name as in the passport", "Passport number", "Seal and date")),
        ),
        Token(
            heading=" · ".join(both("How to check this paper")),
            token=token,
            alt=EN("QR code of the signed statement"),
            lines=(
                *both("Read the code with the page /verify or with laowu verify, which need no network."),
                *both("What they show must be what the lines marked * say."),
                *both("A withdrawal after printing is known to the issuing system only: ask it where there is a network."),
            ),
        ),
    )
