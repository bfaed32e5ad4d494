"""Departures and returns, and what is put right about them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from services.docking.commands.fields import Command, DocumentedAs, ListRows, Version
from shared.values import CorrectionReason, CountyField, Day, DestinationField, OccupationField, PlacementId

Port = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z2-9]{3}$")]  # UN/LOCODE
Visa = Literal["work", "crew", "business", "tourist", "study"]
DepartureEvidence = Literal["exit_stamp", "boarding_record", "arrival_confirmation"]
ReturnReason = Literal["completed", "early", "terminated", "distress", "death"]


class RecordDeparture(Command):
    """The border was crossed, and this proves it."""

    departed_on: Day
    port: Port
    visa: Visa
    evidence: DepartureEvidence
    version: Version | None = None


class ListedDeparture(RecordDeparture):
    """One row of a list."""

    placement: PlacementId


class RecordDepartures(Command):
    """Who has crossed the border. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(ListedDeparture)]]


class RecordReturn(Command):
    returned_on: Day
    reason: ReturnReason
    version: Version | None = None


class ListedReturn(RecordReturn):
    """One row of a list."""

    placement: PlacementId


class RecordReturns(Command):
    """Who has come home. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(ListedReturn)]]


class CorrectDispatch(Command):
    """The departure, or the return from it, was other than recorded: what is given replaces what was."""

    departed_on: Day | None = None
    port: Port | None = None
    destination: DestinationField | None = None
    occupation: OccupationField | None = None
    county: CountyField | None = None
    returned_on: Day | None = None
    return_reason: ReturnReason | None = None
    reason: CorrectionReason
    version: Version | None = None


class VoidDispatch(Command):
    """There was no such departure."""

    reason: Literal["not_departed", "duplicate", "wrong_worker", "false_evidence"]
    version: Version | None = None
