"""A departure as its placement shows it."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.docking.domain import dispatches as domain
from services.docking.domain.placements import VoidReason
from shared.values import Channel, CountyCode, Designation, Destination, HouseholdStatus, Occupation, Sex


class Dispatch(BaseModel, frozen=True):
    departed_on: date
    port: str
    destination: Destination
    occupation: Occupation
    channel: Channel
    county: CountyCode
    designation: Designation
    household_status: HouseholdStatus
    sex: Sex
    birth_year: int
    first_ever: bool
    first_this_year: bool
    evidence: domain.Evidence
    returned_on: date | None
    return_reason: domain.ReturnReason | None
    voided: VoidReason | None


def dispatch(one: domain.Dispatch) -> Dispatch:
    return Dispatch(
        departed_on=one.departed_on,
        port=one.port,
        destination=one.destination,
        occupation=one.occupation,
        channel=one.channel,
        county=one.county,
        designation=one.designation,
        household_status=one.household_status,
        sex=one.sex,
        birth_year=one.birth_year,
        first_ever=one.first_ever,
        first_this_year=one.first_this_year,
        evidence=one.evidence,
        returned_on=one.returned_on,
        return_reason=one.return_reason,
        voided=one.voided,
    )
