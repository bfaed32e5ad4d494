"""Leave to depart."""

from __future__ import annotations

from typing import Annotated, Any

from services.docking.commands.fields import Command, DocumentedAs, ListRows, Version
from shared.values import Day, PlacementId


class RequestClearance(Command):
    """Ask for leave to depart, today or on `planned_departure`."""

    planned_departure: Day | None = None
    version: Version | None = None


class ListedClearance(RequestClearance):
    """One row of a list."""

    placement: PlacementId


class RequestClearances(Command):
    """Leave to depart, for many. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(ListedClearance)]]
