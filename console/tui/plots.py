"""Plots of characters. Every series has a sign of its own, so that none needs a colour; pure."""

from __future__ import annotations

from collections.abc import Sequence

FULL, HALF, LIGHT, MEDIUM, EMPTY = "█", "▌", "░", "▒", "·"


def bar(value: int, most: int, width: int) -> str:
    """A bar as long as its part of `most`, to half a character; what is not nothing is seen."""
    if value <= 0 or most <= 0 or width <= 0:
        return ""
    halves = max(1, min(round(2 * width * value / most), 2 * width))
    return FULL * (halves // 2) + HALF * (halves % 2)


def track(actual: int, marks: Sequence[tuple[int, str]], band: tuple[int, int] | None, width: int) -> str:
    """On one line from 0: the actual amount filled, the band of a projection shaded, and marks such as a floor."""
    most = max(actual, *(value for value, _ in marks), *(band or (0,)), 1)

    def place(value: int) -> int:
        return min(max(round(width * value / most), 0), width - 1)

    cells = [FULL if cell < width * actual / most else EMPTY for cell in range(width)]
    if band is not None:
        for cell in range(place(band[0]), place(band[1]) + 1):
            cells[cell] = MEDIUM if cells[cell] == FULL else LIGHT
    for value, sign in marks:
        cells[place(value)] = sign
    return "".join(cells)


def columns(pairs: Sequence[tuple[int, int | None]], height: int, width: int) -> list[str]:
    """Two columns side by side per pair, the first filled, the second (the year before) shaded; lines from the top."""
    most = max((value for pair in pairs for value in pair if value), default=0)
    lines = []
    for level in range(height, 0, -1):
        line = ""
        for value, before in pairs:
            line += _cell(value, most, height, level) * (width - 1) + _cell(before or 0, most, height, level, LIGHT) * (width - 1)
            line += "  "
        lines.append(line.rstrip())
    return lines


def _cell(value: int, most: int, height: int, level: int, sign: str = FULL) -> str:
    """What a column shows at a level, counted from 1; half a character where less than half of it is reached."""
    reached = value * height * 2 / most if most else 0
    if reached >= 2 * level - 0.5:
        return sign
    if reached >= 2 * level - 1.5 or (level == 1 and value > 0):
        return "▄" if sign == FULL else sign
    return " "


def slider(place: int, steps: int, width: int) -> str:
    """Where one stands among so many steps, the first at the left."""
    at = round((width - 1) * place / max(steps - 1, 1))
    return "─" * at + "●" + "─" * (width - 1 - at)
