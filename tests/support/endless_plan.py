"""A plan that takes a minute, and a process that waits for it: `python -m tests.support.endless_plan`. The planner prints its own pid."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from services.docking.domain.workers import Worker
from services.docking.matching.all_orders import OpenMarket
from services.docking.matching.eligibility import Terms
from services.docking.matching.planning_process import plan_aside
from services.docking.matching.value_matrix import Weigh


class Endless(Sequence[Worker]):
    """Workers that whoever plans waits for."""

    def __iter__(self) -> Iterator[Worker]:
        print(os.getpid(), flush=True)  # noqa: T201  # it plans
        time.sleep(60)
        return iter(())

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: Any) -> Any:
        raise IndexError(index)


def market() -> OpenMarket:
    terms = Terms(minimum_age=18, maximum_age=60, days_per_month=26, match_days=45)
    return OpenMarket(workers=Endless(), orders=(), on=date(2018, 3, 1), terms=terms, weigh=Weigh(None, 100), most_per_order=1)


if __name__ == "__main__":
    asyncio.run(plan_aside(market(), 60, asyncio.Event()))
