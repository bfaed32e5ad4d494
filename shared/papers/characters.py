"""Which characters the papers' font can draw. An archived document (PDF/A) may hold no other: those are replaced before they are set."""

from __future__ import annotations

import unicodedata

# Noto Sans CJK: Latin-1, punctuation, arrows, kana, Bopomofo, Han, Hangul, full-width forms. A test sets every one of them.
DRAWN = (
    range(0x20, 0x7F),
    range(0xA0, 0xAD),
    range(0xAE, 0x100),
    range(0x2010, 0x2017),
    range(0x2018, 0x201B),
    range(0x201C, 0x201F),
    range(0x2020, 0x2023),
    range(0x2025, 0x2028),
    range(0x20AC, 0x20AD),
    range(0x2190, 0x219A),
    range(0x2460, 0x2500),
    range(0x3001, 0x3040),
    range(0x3041, 0x3097),
    range(0x309B, 0x3100),
    range(0x3105, 0x3130),
    range(0x31F0, 0x31FF),
    range(0x3200, 0x321F),
    range(0x3220, 0x332C),
    range(0x332D, 0x3400),
    range(0x3400, 0x4DB6),
    range(0x4E00, 0x9FF0),
    range(0xAC00, 0xD7A4),
    range(0xFF01, 0xFFBF),
)
GETA = "〓"  # what East Asian printers set where a sort is missing


def drawable(text: str) -> str:
    """The text with what the font lacks taken apart to its base letter (ą: a), or shown as a geta mark.

    Controls and marks that turn the direction of writing are such characters too: none can make a paper read otherwise than it prints.
    """
    return "".join(_drawn(character) for character in unicodedata.normalize("NFC", text))


def _drawn(character: str) -> str:
    if _in_font(character):
        return character
    base = "".join(part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part))
    return base if base and all(map(_in_font, base)) else GETA


def _in_font(character: str) -> bool:
    return any(ord(character) in part for part in DRAWN)
