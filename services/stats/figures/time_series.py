"""Sums by bucket turned into a measure's values over time: flows as they are, levels, days abroad, wage months. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Literal

from services.stats.counting.derived import Derived
from services.stats.domain.questions import Question
from services.stats.figures.measure_catalogue import Summed
from shared.values import first_day, last_day, next_period, period_of

Grain = Literal["none", "year", "month", "day"]
Name = tuple[str, ...]
NamedSums = Counter[tuple[Name, str, date | None, bool]]  # (dimensions, currency, bucket, subtracted) -> value
Series = dict[tuple[Name, str, str], int]  # (dimensions, currency, label of the period) -> value


def over_time(named: NamedSums, measure: Summed, grain: Grain, question: Question) -> Series:
    """By name, currency and label of the period."""
    signed: Counter[tuple[Name, str, date | None]] = Counter()
    for (name, currency, bucket, subtracted), value in named.items():
        signed[name, currency, bucket] += -value if subtracted else value
    if isinstance(measure, Derived) and measure.counts != "heads":
        return (_worker_days if measure.counts == "days" else _wage_months)(named, grain, question)
    if measure.kind != "level" or grain == "none":
        return {(name, currency, label(bucket, grain)): value for (name, currency, bucket), value in signed.items()}
    return _levels(signed, grain, question)


def _levels(changes: Counter[tuple[Name, str, date | None]], grain: Grain, question: Question) -> Series:
    """The level at the end of every bucket from the question's start to its end."""
    moves: defaultdict[tuple[Name, str], list[tuple[date, int]]] = defaultdict(list)
    for (name, currency, bucket), value in changes.items():
        if bucket is not None:
            moves[name, currency].append((bucket, value))
    found: Series = {}
    for (name, currency), of_name in moves.items():
        of_name.sort()
        level, at = 0, 0
        for bucket in _buckets(question.start, question.end, grain):
            while at < len(of_name) and of_name[at][0] <= bucket:
                level += of_name[at][1]
                at += 1
            found[name, currency, label(bucket, grain)] = level
    return found


def _worker_days(named: NamedSums, grain: Grain, question: Question) -> Series:
    """Each month: its days times the stock at its start, plus n - d + 1 for a departure on day d, less n - r for a return on day r."""
    found: Counter[tuple[Name, str, str]] = Counter()
    for (name, currency, day, subtracted), value in named.items():
        if day is None or day > question.end:
            continue
        period = max(period_of(day), period_of(question.start))
        while first_day(period) <= question.end:
            end = min(last_day(period), question.end)
            begin = max(first_day(period), question.start)
            counted = (end - max(day, begin)).days + (0 if subtracted and day >= begin else 1)
            found[name, currency, label(begin, grain)] += (-value if subtracted else value) * counted
            period = next_period(period)
    return dict(found)


def _wage_months(named: NamedSums, grain: Grain, question: Question) -> Series:
    """Each month that begins within the span: whoever left by its end, less whoever was back before it began."""
    found: Counter[tuple[Name, str, str]] = Counter()
    first = period_of(question.start) if question.start.day == 1 else next_period(period_of(question.start))
    for (name, currency, month, subtracted), value in named.items():
        if month is None:
            continue
        period = max(first, next_period(period_of(month)) if subtracted else period_of(month))
        while first_day(period) <= question.end:
            found[name, currency, label(first_day(period), grain)] += -value if subtracted else value
            period = next_period(period)
    return dict(found)


def _buckets(start: date, end: date, grain: Grain) -> list[date]:
    found, day = [], _floor(start, grain)
    while day <= end:
        found.append(day)
        day = _next(day, grain)
    return found


def _next(day: date, grain: Grain) -> date:
    if grain == "year":
        return date(day.year + 1, 1, 1)
    return first_day(next_period(period_of(day))) if grain == "month" else day + timedelta(days=1)


def _floor(day: date, grain: Grain) -> date:
    return date(day.year, 1, 1) if grain == "year" else first_day(period_of(day)) if grain == "month" else day


def label(bucket: date | None, grain: Grain) -> str:
    """The period's name: YYYY, YYYY-MM or YYYY-MM-DD; empty where the span is one."""
    if bucket is None or grain == "none":
        return ""
    return str(bucket.year) if grain == "year" else period_of(bucket) if grain == "month" else bucket.isoformat()
