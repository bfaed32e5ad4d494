"""Quotas: shares compared in integers, and the judgement of a share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from services.stats.domain.fields import Code, DomainModel, ShareField, Year
from services.stats.domain.questions import Basis, Filter
from shared.values import Line, QuotaStatus, Ratio, Scheme, format_ratio


class Quota(DomainModel):
    """A share to hold in every calendar year, and whether it must rise from year to year."""

    code: Code
    title: Line
    measure: Literal["dispatches", "persons"]
    numerator: Filter
    denominator: Filter = Filter()
    threshold: ShareField
    rising: bool
    strict: bool = True
    first_year: Year
    last_year: Year
    basis: Basis = "ever_listed"
    scheme: Scheme = "three_belt"
    binding: bool

    @model_validator(mode="after")
    def _orderly(self) -> Self:
        if self.last_year < self.first_year:
            raise ValueError("the last year lies before the first")
        if self.threshold[0] >= self.threshold[1]:
            raise ValueError("a threshold is a share below one")
        if not self.numerator.within(self.denominator):
            raise ValueError("the numerator is no part of the denominator")
        return self


# --- shares -------------------------------------------------------------------------------------------------------------
def at_least(share: Ratio, threshold: Ratio) -> bool:
    """Num / den >= threshold, in integers. False without a denominator."""
    (num, den), (up, down) = share, threshold
    return den > 0 and num * down >= up * den


def rises(share: Ratio, before: Ratio, *, strict: bool) -> bool:
    """share(t) > share(t-1), compared in integers: of two shares that print the same the second may still be lower."""
    left, right = share[0] * before[1], before[0] * share[1]
    return left > right if strict else left >= right


def gap_heads(share: Ratio, threshold: Ratio) -> int:
    """How many more of the numerator's kind reach the threshold; each adds to both sides: ceil((q N - P) / (1 - q))."""
    (num, den), (up, down) = share, threshold
    missing = up * den - down * num
    return 0 if missing <= 0 else -(-missing // (down - up))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A quota at one scope in one year. `rise` is None where there is nothing to compare with, `gap_heads` where nothing is judged."""

    share: Ratio
    before: Ratio | None
    status: QuotaStatus
    rise: bool | None
    gap_heads: int | None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a share is held to. `rising` is False in the first year, which has no base."""

    threshold: Ratio
    rising: bool
    strict: bool


def judge(share: Ratio, before: Ratio | None, requirement: Requirement, *, finished: bool, complete: bool) -> Judgement:
    """The state of a quota. A finished year is met or breached; a running one that is short, or has not risen, is at risk.

    `before` is the year before on the same cut-off day, None where it is no base. A year of which too little is reported
    (`complete` is False) is not judged, and one that had to rise and has no base is not called met.
    """
    if share[1] <= 0:
        return Judgement(share=share, before=before, status=QuotaStatus.INSUFFICIENT_DATA, rise=None, gap_heads=None)
    if not complete:
        return Judgement(share=share, before=None, status=QuotaStatus.NOT_COMPARABLE, rise=None, gap_heads=None)
    rise = rises(share, before, strict=requirement.strict) if requirement.rising and before is not None and before[1] > 0 else None
    if not at_least(share, requirement.threshold) or rise is False:
        status = QuotaStatus.BREACHED if finished else QuotaStatus.AT_RISK
    else:
        status = QuotaStatus.NOT_COMPARABLE if requirement.rising and rise is None else QuotaStatus.MET
    return Judgement(share=share, before=before, status=status, rise=rise, gap_heads=gap_heads(share, requirement.threshold))


def is_infeasible(gap: int | None, open_positions: int | None) -> bool:
    """Whether the orders in hand cannot close the gap, even if all their positions went to the numerator's kind.

    `open_positions` None: nothing can be closed any more (a finished year), or orders are not known.
    """
    return gap is not None and open_positions is not None and gap > open_positions


def is_comparable(start: date, cut_off: date, complete_on: date | None, least: Ratio) -> bool:
    """Whether what is counted of a period up to its cut-off day may be compared: `least` of its days are complete."""
    days = (cut_off - start).days + 1
    covered = 0 if complete_on is None else (min(cut_off, complete_on) - start).days + 1
    return at_least((max(covered, 0), days), least)


def format_percent(share: Ratio, digits: int = 2) -> str:
    """For people, rounded half up; never compared. Empty without a denominator."""
    num, den = share
    rounded = format_ratio((num * 100, den), digits)
    return "" if rounded is None else f"{rounded} %"
