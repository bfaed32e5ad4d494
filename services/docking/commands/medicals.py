"""Medical findings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from services.docking.commands.fields import Command, DocumentedAs, ListRows, Version
from shared.values import Day, Line, PlacementId


class RecordMedical(Command):
    """The finding of the examination, without a diagnosis. Without `valid_until` it holds as long as a finding may."""

    examined_on: Day
    result: Literal["fit", "fit_with_conditions", "unfit"]
    valid_until: Day | None = None
    place: Line
    version: Version | None = None


class ListedMedical(RecordMedical):
    """One row of a list."""

    placement: PlacementId


class RecordMedicals(Command):
    """What a hospital has found. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(ListedMedical)]]
