"""The scorecard of an enterprise: what is counted over a span of days, and what each count means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.docking.domain.errors import EndsBeforeStart


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of one enterprise over a span of days, both included."""

    positions: int
    filled: int
    departures: int
    days_median: int | None
    days_ninetieth: int | None
    returns: int
    early: int
    distress: int
    deaths: int
    complaints: int
    unfounded: int
    overdue: int
    open_complaints: int
    findings: int
    findings_cleared: int
    draws: int
    drawn_minor: int
    suspensions: int


ScoreUnit = Literal["positions", "days", "returns", "cases", "findings", "fen", "draws", "suspensions"]


@dataclass(frozen=True, slots=True)
class Score:
    """`of`: what it is a part of, or is set against; None: it stands alone. `value` None: nothing to count."""

    value: int | None
    of: int | None
    unit: ScoreUnit
    definition: str


def require_span(since: date, until: date) -> None:
    """Raises EndsBeforeStart."""
    if until < since:
        raise EndsBeforeStart(field="until")


def scores(counts: Counts, *, reserve_minor: int, minimum_reserve: int) -> dict[str, Score]:
    """Every score by its name, with its definition. `reserve_minor`, `minimum_reserve`: fen."""
    return {
        **_departures(counts),
        **_returns(counts),
        **_complaints(counts),
        **_wages(counts),
        **_duties(counts, reserve_minor, minimum_reserve),
    }


def _departures(counts: Counts) -> dict[str, Score]:
    return {
        "fill_rate": Score(
            counts.filled,
            counts.positions,
            "positions",
            "Positions filled by a departure, of those of the job orders opened in the span; adopted placements left out.",
        ),
        "days_to_dispatch": Score(
            counts.days_median,
            None,
            "days",
            "Median days from match to departure, of the departures of the span; adopted and voided ones left out.",
        ),
        "days_to_dispatch_90": Score(
            counts.days_ninetieth,
            None,
            "days",
            "As days_to_dispatch: nine of ten departures took no longer.",
        ),
    }


def _returns(counts: Counts) -> dict[str, Score]:
    return {
        "early_returns": Score(
            counts.early,
            counts.returns,
            "returns",
            "Returns before the end of the contract (early, terminated), of all of the span.",
        ),
        "distress_returns": Score(counts.distress, counts.returns, "returns", "Returns in distress, of all of the span."),
        "deaths": Score(counts.deaths, counts.returns, "returns", "Deaths abroad, of all returns of the span."),
    }


def _complaints(counts: Counts) -> dict[str, Score]:
    opened = counts.complaints + counts.unfounded
    return {
        "complaints": Score(
            counts.complaints,
            counts.departures,
            "cases",
            "Cases that people opened in the span and that were not closed as unfounded, against the departures of the span.",
        ),
        "complaints_unfounded": Score(
            counts.unfounded,
            opened,
            "cases",
            "Cases of people opened in the span and closed as unfounded.",
        ),
        "complaints_overdue": Score(counts.overdue, opened, "cases", "Of these, cases whose first answer was not given in time."),
        "complaints_open": Score(counts.open_complaints, counts.complaints, "cases", "Of the complaints, cases that are open."),
    }


def _wages(counts: Counts) -> dict[str, Score]:
    return {
        "shortfalls": Score(
            counts.findings,
            counts.departures,
            "findings",
            "Wages found short, late, missing or unlawfully deducted from in the span, by worker, month and kind, against the departures.",
        ),
        "shortfalls_cleared": Score(counts.findings_cleared, counts.findings, "findings", "Of the shortfalls, those made good."),
    }


def _duties(counts: Counts, reserve_minor: int, minimum_reserve: int) -> dict[str, Score]:
    return {
        "reserve": Score(reserve_minor, minimum_reserve, "fen", "The risk reserve now, against the least that it must be."),
        "reserve_drawn": Score(counts.drawn_minor, None, "fen", "Drawn from the reserve in the span, less what was put back."),
        "reserve_draws": Score(counts.draws, None, "draws", "Draws from the reserve in the span, less those put back."),
        "suspensions": Score(counts.suspensions, None, "suspensions", "Suspensions of the licence that began in the span."),
    }
