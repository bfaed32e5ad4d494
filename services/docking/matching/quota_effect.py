"""What a departure would move in the national share of poverty counties."""

from __future__ import annotations

from services.docking.domain.quota_gaps import QuotaGap
from shared.values import format_ratio

EFFECT = "national poor-county share {before} -> {after} %"
DIGITS = (2, 3, 4)  # as many as show the difference


def quota_effect(gap: QuotaGap | None, *, poor: bool) -> str | None:
    """What one departure would move, with as many digits as show it: "national poor-county share 9.583 -> 9.584 %"."""
    if gap is None or gap.den <= 0:
        return None
    for digits in DIGITS:
        before = format_ratio((gap.num * 100, gap.den), digits)
        later = format_ratio(((gap.num + poor) * 100, gap.den + 1), digits)
        if before != later:
            break
    return EFFECT.format(before=before, after=later)
