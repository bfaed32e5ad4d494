"""Garbage collection in processes that hold tens of thousands of records at a time."""

from __future__ import annotations

import gc


def tune_gc() -> None:
    """Raise the thresholds: large live batches, and modules being loaded, make frequent scans expensive, and they free nothing."""
    gc.set_threshold(100_000, 50, 100)
