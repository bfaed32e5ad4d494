"""What workers say after their arrival."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from services.docking.commands.fields import Command, DocumentedAs, ListRows, Version
from shared.values import CorrectionReason, Day, PlacementId

AsAgreed = Literal["as_agreed", "differs"]


class ArrivalTerms(Command):
    """Each term of the contract as the worker finds it, and whether the worker keeps the own passport."""

    employer: AsAgreed
    wage: AsAgreed
    work: AsAgreed
    place: AsAgreed
    hours: AsAgreed
    passport_kept: Annotated[bool, Field(strict=True)]


class ConfirmArrival(Command):
    """What the worker says on that day after the departure; today unless given."""

    day: Annotated[int, Field(strict=True, ge=1, le=3650)]
    confirmed_on: Day | None = None
    terms: ArrivalTerms
    version: Version | None = None


class ListedArrival(ConfirmArrival):
    """One row of a list."""

    placement: PlacementId


class ConfirmArrivals(Command):
    """What workers say. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(ListedArrival)]]


class CorrectArrival(Command):
    """What is given replaces what was."""

    confirmed_on: Day | None = None
    terms: ArrivalTerms | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidArrival(Command):
    """The worker did not confirm that."""

    reason: Literal["not_confirmed", "wrong_placement", "wrong_day"]
    version: Version | None = None
