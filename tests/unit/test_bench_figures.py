"""The bench's own arithmetic: bounds, medians, percentiles."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.bench.figures import Figure, failed, percentile, ratio, show


def test_a_bound_is_inclusive_and_a_figure_without_one_is_always_met() -> None:
    assert Figure(name="a", value=0.6, unit="ratio", at_least=0.6).met
    assert not Figure(name="a", value=0.59, unit="ratio", at_least=0.6).met
    assert Figure(name="b", value=1.0, unit="s", at_most=1.0).met
    assert not Figure(name="b", value=1.01, unit="s", at_most=1.0).met
    assert Figure(name="c", value=0.0, unit="MB").met


def test_a_ratio_is_the_median_of_its_rounds_so_that_one_disturbed_round_decides_nothing() -> None:
    assert ratio("r", [6.0, 7.0, 0.1], [10.0, 10.0, 10.0], 0.6).value == pytest.approx(0.6)


def test_a_percentile_is_the_smallest_sample_that_the_share_does_not_exceed() -> None:
    samples = [float(n) for n in range(1, 101)]
    assert [percentile(samples, share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert percentile([3.0], 0.5) == 3.0


def test_a_missed_bound_is_shown_beside_its_figure() -> None:
    figures = [
        Figure(name="fast enough", value=0.7, unit="ratio", at_least=0.5),
        Figure(name="too slow", value=0.4, unit="ratio", at_least=0.5),
    ]
    out = io.StringIO()
    show(figures, "a run", Console(file=out, width=120))
    assert [figure.name for figure in failed(figures)] == ["too slow"]
    [line] = [line for line in out.getvalue().splitlines() if "too slow" in line]
    assert ">= 0.5" in line
    assert "missed" in line


def test_the_document_holds_the_samples() -> None:
    assert ratio("r", [3.0], [4.0], 0.6).document() == {
        "name": "r", "value": 0.75, "unit": "ratio", "bound": ">= 0.6", "met": True, "samples": [0.75],
    }  # fmt: skip
