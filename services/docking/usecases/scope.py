"""Whose aggregate it is: checked right where it is loaded."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.docking.domain.enterprises import Enterprise
from services.docking.domain.placements import Placement, PlacementFilter
from services.docking.domain.workers import Worker
from shared.principals import NATION, Forbidden, Principal, Role, require_county, require_party
from shared.values import EnterpriseId


def require_placement(who: Principal, placement: Placement) -> None:
    """An enterprise acts on its own placements, others on those of workers from their regions; an operator sees all. Raises Forbidden."""
    if who.role is Role.OPERATOR:
        return
    if who.role is Role.ENTERPRISE:
        require_party(who, placement.enterprise)
    else:
        require_county(who, placement.county)


def require_worker(who: Principal, worker: Worker) -> None:
    """An enterprise may take workers of any county, others those of their regions. Raises Forbidden."""
    if who.role is not Role.ENTERPRISE:
        require_county(who, worker.county)


def require_enterprise(who: Principal, enterprise: Enterprise) -> None:
    """The enterprise itself, or the authority of its seat; without a seat only a national one. Raises Forbidden."""
    if who.role is Role.ENTERPRISE:
        require_party(who, enterprise.id)
    else:
        require_seat(who, enterprise.seat)


def require_seat(who: Principal, seat: str | None) -> None:
    """Raises Forbidden."""
    if seat is not None:
        require_county(who, seat)
    elif not who.covers_county(NATION):
        raise Forbidden(f"{who} is not national, and the enterprise has no seat")


def is_covered(who: Principal, place: str | None) -> bool:
    """Whether the principal is of that place's authority; of what has no place, a national one."""
    return who.covers_county(place or NATION)


def visible_counties(who: Principal) -> tuple[str, ...]:
    """What the codes of the counties begin with whose workers the principal sees; an enterprise is bound by what is its own instead."""
    return ("",) if who.role in (Role.ENTERPRISE, Role.OPERATOR, Role.SERVICE) else who.county_prefixes()


def of_own_enterprise(who: Principal, wanted: PlacementFilter) -> PlacementFilter:
    """What an enterprise asks for is its own; others may ask for any enterprise's. Raises Forbidden."""
    if who.role is not Role.ENTERPRISE:
        return wanted
    if wanted.enterprise is not None:
        require_party(who, wanted.enterprise)
    return replace(wanted, enterprise=own_enterprise(who))


def own_enterprise(who: Principal) -> EnterpriseId:
    """The enterprise a token of that role speaks for. Raises Forbidden when it names none."""
    try:
        return EnterpriseId(UUID(who.party or ""))
    except ValueError as error:
        raise Forbidden(f"{who} speaks for no enterprise") from error
