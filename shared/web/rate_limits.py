"""How often one caller may ask: a bucket of tokens for each, which fills at a steady rate."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field

CALLERS = 10_000  # whose buckets are kept; one that is forgotten is full again


class TooManyRequests(Exception):
    """The caller asks more often than CALLER_REQUESTS_PER_SECOND allows."""

    def __init__(self, retry_seconds: int) -> None:
        super().__init__(f"too many requests; the next is answered in {retry_seconds} s")
        self.retry_seconds = retry_seconds


@dataclass(slots=True)
class RateLimits:
    """`per_second`: 0 is no limit. `burst`: requests at once, of one who was quiet before. Counted by this process alone."""

    per_second: float
    burst: int
    _: KW_ONLY
    now: Callable[[], float] = time.monotonic
    _full_at: OrderedDict[str, float] = field(default_factory=OrderedDict, init=False)  # when each bucket is full again

    def take(self, caller: str) -> None:
        """One request. Raises TooManyRequests, and takes nothing, where the bucket is empty."""
        if self.per_second == 0:
            return
        now = self.now()
        full_at = max(self._full_at.get(caller, now), now) + 1 / self.per_second
        missing = full_at - now - self.burst / self.per_second
        if missing > 1e-9:  # a sum of fractions
            raise TooManyRequests(math.ceil(missing))
        self._full_at[caller] = full_at
        self._full_at.move_to_end(caller)
        if len(self._full_at) > CALLERS:
            self._full_at.popitem(last=False)
