"""Accompanying managers of an enterprise's workers in a country."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.docking.domain import managers as domain
from shared.values import Destination, EnterpriseId


class Accompaniment(BaseModel, frozen=True):
    enterprise: EnterpriseId
    destination: Destination
    abroad: int  # workers of the enterprise there now
    filing_no: str | None
    managers: int | None
    filed_on: date | None
    missing: bool  # more are there than may be without


class Accompaniments(BaseModel, frozen=True):
    items: tuple[Accompaniment, ...]
    next: str | None


def accompaniment(one: domain.Accompaniment, abroad: int) -> Accompaniment:
    return Accompaniment(
        enterprise=one.enterprise,
        destination=one.destination,
        abroad=abroad,
        filing_no=one.filing.filing_no if one.filing else None,
        managers=one.filing.managers if one.filing else None,
        filed_on=one.filing.filed_on if one.filing else None,
        missing=one.missing,
    )
