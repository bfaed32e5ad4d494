"""A measured figure, its bound, and the table and JSON of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` in `unit`; bounds are inclusive. `samples`: the values of the rounds."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    samples: tuple[float, ...] = ()

    @property
    def met(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (self.at_most is None or self.value <= self.at_most)

    @property
    def bound(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"name": self.name, "value": round(self.value, 4), "unit": self.unit}
        if self.bound:
            document |= {"bound": self.bound, "met": self.met}
        if self.samples:
            document["samples"] = [round(sample, 4) for sample in self.samples]
        return document


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], at_least: float) -> Figure:
    """The median of the ratios per round: the two rates of one round saw the same load of the machine."""
    samples = tuple(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Figure(name=name, value=median(samples), unit="ratio", at_least=at_least, samples=samples)


def rate(name: str, samples: Sequence[float], unit: str) -> Figure:
    """The median of several rates."""
    return Figure(name=name, value=median(samples), unit=unit, samples=tuple(samples))


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` (0 to 1) of the samples do not exceed."""
    ordered = sorted(samples)
    rank = -int(-share * len(ordered) // 1)
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def failed(figures: Sequence[Figure]) -> list[Figure]:
    return [figure for figure in figures if not figure.met]


def show(figures: Sequence[Figure], title: str, console: Console | None = None) -> None:
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("bound")
    table.add_column("")
    for figure in figures:
        verdict = "" if not figure.bound else "met" if figure.met else "[bold red]missed[/]"
        table.add_row(figure.name, _formatted(figure.value), figure.unit, figure.bound, verdict)
    (console or Console()).print(table)


def _formatted(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 10 else f"{value:.2f}"
