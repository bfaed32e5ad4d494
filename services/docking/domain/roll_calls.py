"""Who is abroad in a country now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.values import Channel, CountyCode, Destination, EnterpriseId, Occupation, PlacementId, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """One worker abroad: departed, neither returned nor voided. Codes are those that the departure is counted by."""

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    county: CountyCode
    destination: Destination
    occupation: Occupation
    channel: Channel
    departed_on: date
    contract_end: date | None
