"""Docking fairs, and what enterprises intend there."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.docking.commands.fields import Command, Version, once
from shared.values import CorrectionReason, CountyField, Day, DestinationField, EnterpriseId, Line, OccupationField


class HoldDockingFair(Command):
    """A fair where enterprises and counties have met, in a county or at another place: only a national officer enters the latter."""

    name: Line
    county: CountyField | None = None
    place: Line | None = None
    held_on: Annotated[Day, Field(ge=date(1990, 1, 1))]
    counties: Annotated[tuple[CountyField, ...], Field(min_length=1, max_length=300), AfterValidator(once)]
    enterprises: Annotated[tuple[EnterpriseId, ...], Field(min_length=1, max_length=300), AfterValidator(once)]


class CorrectDockingFair(Command):
    """What is given replaces what was; on another day, other matches count against its intentions."""

    name: Line | None = None
    county: CountyField | None = None
    place: Line | None = None
    held_on: Annotated[Day, Field(ge=date(1990, 1, 1))] | None = None
    counties: Annotated[tuple[CountyField, ...], Field(min_length=1, max_length=300), AfterValidator(once)] | None = None
    enterprises: Annotated[tuple[EnterpriseId, ...], Field(min_length=1, max_length=300), AfterValidator(once)] | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidDockingFair(Command):
    """There was no such fair."""

    reason: Literal["mistaken", "duplicate"]
    version: Version | None = None


class RecordIntention(Command):
    """How many workers of a county an enterprise means to take; what they will do and where may be open yet."""

    county: CountyField
    enterprise: EnterpriseId
    headcount: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    destination: DestinationField | None = None
    occupation: OccupationField | None = None


class CorrectIntention(Command):
    """What is given replaces what was."""

    county: CountyField | None = None
    enterprise: EnterpriseId | None = None
    headcount: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    destination: DestinationField | None = None
    occupation: OccupationField | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidIntention(Command):
    """There was no such intention."""

    reason: Literal["mistaken", "duplicate", "withdrawn"]
    version: Version | None = None
