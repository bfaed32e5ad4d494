"""Foreign employers (E6)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from services.docking.domain.errors import EmployerElsewhere, EmployerNotLicensed
from shared.values import Destination, EmployerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Employer:
    """A company of the host state. `licence_no`: to employ workers from abroad, where the host state asks for one."""

    id: EmployerId
    name: str
    destination: Destination
    registration_no: str
    licence_no: str | None
    registered_on: date
    version: int = 1


def require_employer_licence(destination: Destination, licence_no: str | None, licensing: Collection[str], field: str) -> None:
    """E6: only with licensed employers where the host state licenses them. Raises EmployerNotLicensed."""
    if destination in licensing and licence_no is None:
        raise EmployerNotLicensed(field=field)


def require_same_destination(employer: Employer, destination: Destination) -> None:
    """Raises EmployerElsewhere."""
    if employer.destination != destination:
        raise EmployerElsewhere(f"the employer is registered in {employer.destination}", field="employer_id")
