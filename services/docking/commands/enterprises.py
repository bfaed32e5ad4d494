"""Who may send workers abroad, and who no longer may."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from services.docking.commands.fields import Command, Number, Version, once
from shared.values import Channel, CountyField, Day, DestinationField, EnterpriseId, Line

LicenceNo = Annotated[str, StringConstraints(pattern=r"^LW[0-9]{4}20[0-9]{6}$")]
# Of the authority; a reserve that is not topped up suspends by itself, and a top-up lifts that.
SuspensionReason = Literal["breach", "investigation", "incident", "court_order"]
RevocationReason = Literal["breach", "reserve", "name_lent", "false_visa", "unlawful_work", "business_ended"]  # E4, E5, E9


class QualifyEnterprise(Command):
    """E1: enter an enterprise with its qualification certificate. Without a `seat` only a national officer may."""

    name: Line
    licence_no: LicenceNo
    seat: CountyField | None = None
    scope: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=3), AfterValidator(once)]
    destinations: Annotated[tuple[DestinationField, ...], Field(max_length=250), AfterValidator(once)] = ()
    valid_to: Day


class RenewQualification(Command):
    """E1: the licence runs longer, under the same number. What is not given stays as it was."""

    valid_to: Day
    scope: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=3), AfterValidator(once)] | None = None
    destinations: Annotated[tuple[DestinationField, ...], Field(max_length=250), AfterValidator(once)] | None = None
    version: Version | None = None


class SuspendQualification(Command):
    """No matching, no clearance and no departure until this ground is lifted."""

    reason: SuspensionReason
    version: Version | None = None


class ReinstateQualification(Command):
    """The ground no longer holds; the enterprise is active again when it was the last."""

    reason: SuspensionReason
    version: Version | None = None


class RevokeQualification(Command):
    """For good: open orders are closed, and nobody departs any more."""

    reason: RevocationReason
    version: Version | None = None


class StopPlan(Command):
    """The filed plan for workers still abroad."""

    filing_no: Number
    takes_over: EnterpriseId | None = None
    home_by: Day | None = None


class StopBusiness(Command):
    """E9: the enterprise closes. While workers are abroad it files a plan: who takes them over, or until when they are home.

    With a plan once more: the plan filed before is replaced.
    """

    plan: StopPlan | None = None
    version: Version | None = None
