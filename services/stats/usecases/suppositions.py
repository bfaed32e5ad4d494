"""Versions of what a scenario supposes, in a transaction that is rolled back."""

from __future__ import annotations

import secrets

_FAR = 2**30


def supposed_after(newest: int) -> int:
    """A version after the newest one, and by chance nobody else's: with the next number two scenarios, or a scenario and somebody who
    enters that list in earnest, would wait for each other, each with a connection in hand.
    """
    return newest + 1 + secrets.randbelow(_FAR)
