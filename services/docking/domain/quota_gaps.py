"""How far a quota is missed, as statistics publishes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuotaGap:
    """The poverty-county quota: numerator, denominator, and the heads missing (0: met)."""

    num: int
    den: int
    heads: int
