"""Whose aggregate it is: checked right where it is loaded."""

from __future__ import annotations

from uuid import UUID

from services.docking.domain import Enterprise, Placement
from shared.errors import VersionConflict
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


def county_patterns(who: Principal) -> list[str]:
    """LIKE patterns of the counties the principal sees; an enterprise is bound by what is its own instead."""
    if who.role in (Role.ENTERPRISE, Role.OPERATOR, Role.SERVICE) or NATION in who.regions:
        return ["%"]
    return [f"{_significant(code)}%" for code in who.regions if code.isdigit()]


def _significant(region: str) -> str:
    """620000 is all of Gansu, 622400 a prefecture, 622427 one county."""
    return region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region


def require_version(named: int | None, actual: int) -> None:
    """Raises VersionConflict when the command was made for another version."""
    if named is not None and named != actual:
        raise VersionConflict(f"the version is {actual}, not {named}", state=actual)


def own_enterprise(who: Principal) -> EnterpriseId:
    """The enterprise a token of that role speaks for. Raises Forbidden when it names none."""
    try:
        return EnterpriseId(UUID(who.party or ""))
    except ValueError as error:
        raise Forbidden(f"{who} speaks for no enterprise") from error
