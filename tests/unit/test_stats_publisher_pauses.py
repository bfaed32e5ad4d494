"""When figures are looked at again after a pass that could not publish them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from services.stats.publishing import publisher
from shared.db import Unavailable


class Ended(Exception):
    """Enough passes."""


@pytest.mark.parametrize(("lags", "postgres_is_away"), [([None, {}], False), ([{}, {}], True)])
async def test_what_was_committed_is_looked_at_again_until_a_pass_could_publish_it(
    lags: list[Any], *, postgres_is_away: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, idle = postgres_is_away, list[bool]()

    @asynccontextmanager
    async def transaction(*_: Any, **__: Any) -> Any:
        nonlocal away
        if away:
            away = False
            raise Unavailable
        yield None

    async def pause(database: Any, seen: int, _: float) -> None:
        if len(idle) == 3:
            raise Ended
        if not idle:
            database.commits += 1
        idle.append(database.commits == seen)

    async def lag_of(_: Any) -> Any:
        return lags.pop(0)

    async def publish(*_: Any) -> None:
        pass

    for name, stand_in in {"pause": pause, "lag_of": lag_of, "publish": publish}.items():
        monkeypatch.setattr(publisher, name, stand_in)
    database = SimpleNamespace(commits=5, transaction=transaction, system_cause=lambda: None)
    lags.append({})
    with pytest.raises(Ended):
        await publisher.run_publisher(SimpleNamespace(database=database, settings=SimpleNamespace(simulation=False)))  # type: ignore[arg-type]
    assert idle == [False, False, True]
