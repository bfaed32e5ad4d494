"""The bench's own arithmetic: bounds, medians, percentiles."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.bench.figures import Figure, failed, percentile, ratio, show


def test_a_bound_is_inclusive_and_a_figure_without_one_is_always_met() -> None:
    assert Figure("a", 0.6, "ratio", at_least=0.6).met
    assert not Figure("a", 0.59, "ratio", at_least=0.6).met
    assert Figure("b", 1.0, "s", at_most=1.0).met
    assert not Figure("b", 1.01, "s", at_most=1.0).met
    assert Figure("c", 0.0, "MB").met


def test_a_ratio_is_the_median_of_its_rounds_so_that_one_disturbed_round_decides_nothing() -> None:
    assert ratio("r", [6.0, 7.0, 0.1], [10.0, 10.0, 10.0], 0.6).value == pytest.approx(0.6)


def test_a_percentile_is_a_sample_that_so_many_do_not_exceed() -> None:
    samples = [float(n) for n in range(1, 101)]
    assert [percentile(samples, share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert percentile([3.0], 0.5) == 3.0


def test_what_missed_its_bound_is_named_beside_it() -> None:
    figures = [Figure("fast enough", 0.7, "ratio", at_least=0.5), Figure("too slow", 0.4, "ratio", at_least=0.5)]
    out = io.StringIO()
    show(figures, "a run", Console(file=out, width=120))
    assert [figure.name for figure in failed(figures)] == ["too slow"]
    [line] = [line for line in out.getvalue().splitlines() if "too slow" in line]
    assert ">= 0.5" in line
    assert "missed" in line


def test_the_document_keeps_the_rounds() -> None:
    assert ratio("r", [3.0], [4.0], 0.6).document() == {
        "name": "r", "value": 0.75, "unit": "ratio", "bound": ">= 0.6", "met": True, "samples": [0.75],
    }  # fmt: skip
