"""Personal data as people may see them who need not know them."""

from __future__ import annotations

SHOWN = 40  # characters: a cell of a hostile list can be long
TAIL = 4
LONG = 11  # characters from which the tail is shown: a phone number has eleven


def mask(text: str | None, *, keep: int = 1, tail: int = TAIL) -> str | None:
    """The first `keep` characters and, of something long, the last `tail`; enough to recognise, too little to know.

    Of a name nothing but the surname's first character: its end is a given name, a number's end is not somebody.
    """
    if text is None:
        return None
    text = text[:SHOWN]
    tail = tail if len(text) >= LONG else 0
    hidden = max(len(text) - keep - tail, 1)
    return text[:keep] + "*" * hidden + (text[-tail:] if tail else "")
