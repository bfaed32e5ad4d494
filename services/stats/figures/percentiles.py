"""Median and 90th percentile out of counts by bands of days. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.stats.counting.cuts import DAY_BANDS

Band = tuple[int, int]  # days, both included
BAND: Mapping[str, Band] = {f"{low}-{high}": (low, high) for low, high in DAY_BANDS}


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Median and 90th percentile, each known to lie within its band of days. None: nothing is counted."""

    median: Band | None
    p90: Band | None


def read_percentiles(counts: Mapping[str, int]) -> Percentiles:
    """Of counts by the name of their band; what has no band (it ends before it begins) is left out."""
    known = {BAND[name]: count for name, count in counts.items() if name in BAND and count > 0}
    return Percentiles(_percentile(known, 50), _percentile(known, 90))


def _percentile(counts: Mapping[Band, int], percent: int) -> Band | None:
    """The band of the smallest duration that so many percent do not exceed (nearest rank)."""
    total, below = sum(counts.values()), 0
    for band in sorted(counts):
        below += counts[band]
        if below * 100 >= total * percent:
            return band
    return None
