"""What is read from counts by bands of days, and from one sum over another. Pure; exact until people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.stats.counting.measures import DAY_BANDS
from shared.values import Ratio

Band = tuple[int, int]  # days, both included
BAND: Mapping[str, Band] = {f"{low}-{high}": (low, high) for low, high in DAY_BANDS}


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 90th percentile, each known to lie within its band of days. None: nothing is counted."""

    median: Band | None
    p90: Band | None


def spread(counts: Mapping[str, int]) -> Spread:
    """Of counts by the name of their band; what has no band (it ends before it begins) is left out."""
    known = {BAND[name]: count for name, count in counts.items() if name in BAND and count > 0}
    return Spread(_percentile(known, 50), _percentile(known, 90))


def _percentile(counts: Mapping[Band, int], percent: int) -> Band | None:
    """The band of the smallest duration that so many percent do not exceed (nearest rank)."""
    total, below = sum(counts.values()), 0
    for band in sorted(counts):
        below += counts[band]
        if below * 100 >= total * percent:
            return band
    return None


def written(ratio: Ratio, digits: int) -> str | None:
    """A ratio for people, rounded half up once. None without a denominator."""
    num, den = ratio
    if den <= 0:
        return None
    scaled = (2 * num * 10**digits + den) // (2 * den)
    whole, rest = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}.{rest:0{digits}d}"
