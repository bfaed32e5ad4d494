"""Proposed matches of one order, accepted or declined."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.docking.commands.fields import Command
from shared.values import WorkerId

DeclineReason = Literal["wage", "destination", "occupation", "employer", "family", "qualification", "other"]


class ProposeMatches(Command):
    """The `n` best workers for an order; or one given worker, who must be eligible all the same."""

    n: Annotated[int, Field(strict=True, ge=1, le=100)] = 10
    worker: WorkerId | None = None


class AcceptMatch(Command):
    """Take the worker and a position of the order."""


class DeclineMatch(Command):
    """An enterprise declines for itself, a clerk for the worker, an officer for either."""

    side: Literal["worker", "enterprise"]
    reason: DeclineReason = "other"
