"""By what measures are counted: dimensions, and the cuts under which cells are stored. Codes of cuts are stored: never reuse one."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Literal

Dimension = Literal[
    "county", "designation", "province", "region", "listed", "destination", "occupation", "enterprise", "channel", "person",
    "sex", "age_band", "days", "payer", "grade", "outreach_channel",
]  # fmt: skip
NOWHERE = "-"  # the event does not say: a case without a placement has no destination
AGE_BANDS = ((0, 19), (20, 24), (25, 29), (30, 34), (35, 39), (40, 44), (45, 49), (50, 54), (55, 59), (60, 150))


def _powers_of_root_two(most: int) -> tuple[tuple[int, int], ...]:
    """Whole days between neighbouring powers of the square root of 2, exactly: 0, 1, 2, 3, 4-5, 6-7, 8-11, 12-15, 16-22, ..."""
    bounds = ((isqrt(2**power - 1) + 1, isqrt(2 ** (power + 1) - 1)) for power in range(most))
    return ((0, 0), *((low, high) for low, high in bounds if low <= high))


# How long something took, as the key of a cell: a duration stays an additive count, and what is read from the counts is known to
# the band. 34 powers reach 359 years.
DAY_BANDS = _powers_of_root_two(34)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Two stored keys, and the dimensions that follow from them at query time.

    `monthly`: also kept as sums by month over every `recorded_on`, so that present figures read few rows.
    """

    code: int
    name: str
    k1: Dimension
    k2: Dimension
    derived: tuple[Dimension, ...]
    monthly: bool = False

    @property
    def dimensions(self) -> frozenset[Dimension]:
        return frozenset((self.k1, self.k2, *self.derived))


# In the order in which they are tried: the first cut that has the dimensions asked for answers.
CUTS = (
    Cut(code=5, name="province x channel", k1="province", k2="channel", derived=("region",), monthly=True),
    Cut(code=1, name="county x designation", k1="county", k2="designation", derived=("province", "region", "listed"), monthly=True),
    Cut(code=2, name="province x destination", k1="province", k2="destination", derived=("region",)),
    Cut(code=3, name="province x occupation", k1="province", k2="occupation", derived=("region",)),
    Cut(code=4, name="enterprise x destination", k1="enterprise", k2="destination", derived=()),
    Cut(code=6, name="province x sex and age", k1="province", k2="person", derived=("region", "sex", "age_band")),
    Cut(code=7, name="province x days", k1="province", k2="days", derived=("region",), monthly=True),
    Cut(code=8, name="destination x days", k1="destination", k2="days", derived=()),
    Cut(code=12, name="province x payer", k1="province", k2="payer", derived=("region",)),
    Cut(code=13, name="destination x grade", k1="destination", k2="grade", derived=()),
    Cut(code=9, name="county x outreach channel", k1="county", k2="outreach_channel", derived=("province", "region", "listed")),
)
CUT_BY_CODE = {cut.code: cut for cut in CUTS}
