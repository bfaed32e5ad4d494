"""Any figure, as it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.stats.domain.questions import Basis, Question
from services.stats.figures.freshness import Freshness
from services.stats.figures.measure_catalogue import definition, digits, get_measure
from services.stats.figures.percentiles import Band
from services.stats.figures.shaping import Point, in_yuan
from services.stats.queries.classifications import Kind
from services.stats.views.metadata import AnswerMetadata, Label, View, answer_metadata
from shared.values import CountyCode, Currency, Ratio, Scheme, format_ratio


class Value(View):
    of: dict[str, str]
    value: int
    currency: Currency | None
    fen: str | None  # the part that a rate converts, exact, unrounded; None: no money
    pending: int  # minor units that no rate converts yet
    ratio: Ratio | None  # of a quotient: exact; `value` is its whole part
    shown: str | None  # of a quotient: rounded half up; None: no quotient, or no denominator
    median_days: Band | None  # of durations: the median lies between these days, both included
    p90_days: Band | None


class Unclassified(View):
    """Counties that no list of divisions knows: part of the figure and of every denominator. `value`: theirs; None: money."""

    value: int | None
    counties: list[CountyCode]  # the first 100 codes
    number: int  # of such counties


class Figure(AnswerMetadata):
    measure: str
    unit: str
    label: Label  # final: the span lies within a closed period
    definition: str
    start: date
    end: date
    basis: Basis
    scheme: Scheme
    points: list[Value]
    next: str | None  # where the next page begins, None after the last; totals are of all pages
    total_cny: int | None  # fen, of what is in yuan or can be converted; None: no money
    pending_fx: dict[str, int]  # minor units by currency that no rate converts yet: no part of total_cny
    unclassified: Unclassified | None  # None: not counted by county
    lists: dict[str, int] | None  # by which versions of the lists it was classified (0: as shipped); None: by none


class KnownValue(View):
    as_known_at: date
    value: int


class KnownFigure(View):
    """What a count was known to be at the end of each day that was asked for."""

    measure: str
    unit: str
    start: date
    end: date
    days: list[KnownValue]


def known(question: Question, values: Iterable[tuple[date, int]]) -> KnownFigure:
    return KnownFigure(
        measure=question.measure,
        unit=get_measure(question.measure).unit,
        start=question.start,
        end=question.end,
        days=[KnownValue(as_known_at=day, value=value) for day, value in values],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutFigure:
    """`unclassified`: by county; None where it is not counted by county. `lists`: the versions that it is classified by."""

    label: Label
    fresh: Freshness
    unclassified: Mapping[str, int] | None
    lists: Mapping[Kind, int] | None


def figure(question: Question, points: Sequence[Point], shown: Sequence[Point], about: AboutFigure) -> Figure:
    """`shown`: the page of the points that is asked for; totals are of all."""
    measure = get_measure(question.measure)
    total, pending = in_yuan(points)
    return Figure(
        measure=question.measure,
        unit=measure.unit,
        label=about.label,
        definition=definition(question.measure),
        start=question.start,
        end=question.end,
        basis=question.basis,
        scheme=question.scheme,
        points=values(question.measure, shown),
        next=cursor_of(shown[-1]) if shown and shown[-1] is not points[-1] else None,
        total_cny=total if measure.money else None,
        pending_fx=pending if measure.money else {},
        unclassified=_unclassified(about.unclassified, money=measure.money),
        lists={str(kind): version for kind, version in about.lists.items()} if about.lists else None,
        **answer_metadata(question.known_on, about.fresh),
    )


def _unclassified(unknown: Mapping[str, int] | None, *, money: bool) -> Unclassified | None:
    if unknown is None:
        return None
    return Unclassified(value=None if money else sum(unknown.values()), counties=list(unknown)[:100], number=len(unknown))


def values(measure: str, points: Iterable[Point]) -> list[Value]:
    return [_value(point, digits(measure)) for point in points]


def cursor_of(point: Point) -> str:
    """Names a point among those of its answer."""
    return "|".join((*point.of.values(), point.currency or ""))


def _value(point: Point, decimal_places: int) -> Value:
    fen = None if point.currency is None else f"{point.fen.normalize():f}"
    shown = format_ratio(point.ratio, decimal_places) if point.ratio else None
    return Value(
        of=point.of,
        value=point.value,
        currency=point.currency,
        fen=fen,
        pending=point.pending,
        ratio=point.ratio,
        shown=shown,
        median_days=point.percentiles.median if point.percentiles else None,
        p90_days=point.percentiles.p90 if point.percentiles else None,
    )
