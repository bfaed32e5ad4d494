"""Accompanying managers (E7): more than so many workers of one enterprise in one country need them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.docking.domain.errors import ManagersNotFiled
from shared.values import Destination, EnterpriseId


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagersFiling:
    """The filed list of managers; their names stay with the embassy and the approving authority."""

    filing_no: str
    managers: int
    filed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Accompaniment:
    """Of one enterprise in one country. `missing`: published, and not cleared since."""

    id: UUID
    enterprise: EnterpriseId
    destination: Destination
    filing: ManagersFiling | None = None
    missing: bool = False


def filed(one: Accompaniment, filing: ManagersFiling) -> Accompaniment:
    return replace(one, filing=filing, missing=False)


def withdrawn(one: Accompaniment) -> tuple[Accompaniment, ManagersFiling]:
    """Without the filing, and what it was. Raises ManagersNotFiled."""
    if one.filing is None:
        raise ManagersNotFiled(field="destination")
    return replace(one, filing=None), one.filing


def reviewed(one: Accompaniment, abroad: int, limit: int) -> Accompaniment:
    """With so many workers abroad there."""
    return replace(one, missing=one.filing is None and abroad > limit)
