"""Proposed matches of one order, accepted or declined."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from services.docking.commands.fields import Command, DocumentedAs, ListRows
from shared.values import MatchId, OrderId, WorkerId

DeclineReason = Literal["wage", "destination", "occupation", "employer", "family", "qualification", "other"]


class ProposeMatches(Command):
    """The `n` best workers for an order; or one given worker, who must be eligible all the same."""

    n: Annotated[int, Field(strict=True, ge=1, le=100)] = 10
    worker: WorkerId | None = None


class NominatedWorker(Command):
    """One row of a list."""

    order: OrderId
    worker: WorkerId


class NominateWorkers(Command):
    """Given workers for given orders, each eligible all the same. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(NominatedWorker)]]


class AcceptMatch(Command):
    """Take the worker and a position of the order."""


class AcceptedMatch(Command):
    """One row of a list."""

    match: MatchId


class AcceptMatches(Command):
    """Take the workers and positions of many matches. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(AcceptedMatch)]]


class DeclineMatch(Command):
    """An enterprise declines for itself, a clerk for the worker, an officer for either."""

    side: Literal["worker", "enterprise"]
    reason: DeclineReason = "other"
