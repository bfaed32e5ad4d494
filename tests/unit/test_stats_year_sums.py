"""How much of the time adding blocks to the sums by year may take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from services.stats.usecases import counting


class Ended(Exception):
    """The loop pauses until something is counted."""


async def test_while_there_is_much_to_add_it_takes_a_quarter_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept, seconds = 0.0, list[float](), [2.0, 0.5, 0.1]

    async def add(_: Any) -> bool:
        nonlocal now
        now += seconds[len(slept)]
        return len(slept) < 2

    async def sleep(delay: float) -> None:
        nonlocal now
        now += delay
        slept.append(delay)

    async def pause(*_: Any) -> None:
        raise Ended

    monkeypatch.setattr(counting, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(counting, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(counting, "update_year_sums", add)
    monkeypatch.setattr(counting, "pause", pause)
    with pytest.raises(Ended):
        await counting.run_year_sums(SimpleNamespace(database=SimpleNamespace(commits=0)))  # type: ignore[arg-type]
    assert slept == pytest.approx([6.0, 1.5])
