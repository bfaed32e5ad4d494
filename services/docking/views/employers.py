"""Foreign employers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import employers as domain
from shared.values import Destination, EmployerId


class Employer(BaseModel, frozen=True):
    employer: EmployerId
    name: str
    destination: Destination
    registration_no: str
    licence_no: str | None
    registered_on: date
    version: int


class Employers(BaseModel, frozen=True):
    items: tuple[Employer, ...]
    next: str | None


def employer(one: domain.Employer) -> Employer:
    return Employer(
        employer=one.id,
        name=one.name,
        destination=one.destination,
        registration_no=one.registration_no,
        licence_no=one.licence_no,
        registered_on=one.registered_on,
        version=one.version,
    )


def employers(found: Sequence[domain.Employer], cursor: str | None) -> Employers:
    return Employers(items=tuple(employer(one) for one in found), next=cursor)
