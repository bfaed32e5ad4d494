"""Garbage collection in processes that take records by the ten thousand."""

from __future__ import annotations

import gc


def tune_gc() -> None:
    """Raise the thresholds: batches of live records make generation-0 scans frequent, long and fruitless."""
    gc.set_threshold(100_000, 50, 100)
