"""How old open cases are, how many were answered in time, and how many complaints an enterprise has for its workers."""

from __future__ import annotations

from dataclasses import dataclass

from services.rights.domain.cases import Category
from shared.values import EnterpriseId

AGE_BANDS = (0, 3, 8, 31, 91, 366)  # days from which a band begins


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeBand:
    """Open cases of `from_days` to the next band. `late`: their clock has run out; `paused`: it stands still."""

    from_days: int
    open: int
    late: int
    paused: int


@dataclass(frozen=True, slots=True)
class OnTime:
    """Of cases whose first answer was given, was due, or is not needed any more since they were closed, those in time."""

    category: Category
    in_time: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """Complaints of people in some days, what rules find not among them, and placements that were abroad in them."""

    enterprise: EnterpriseId
    complaints: int
    open: int
    escalated: int
    settled: int
    workers: int
