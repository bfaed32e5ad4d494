"""Whose ledger or case it is: checked right where it is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from services.rights.domain.cases import Case
from services.rights.domain.ledgers import Ledger
from shared.principals import NATION, Forbidden, Principal, Role, require_county, require_party
from shared.values import CountyCode, EnterpriseId


def require_ledger(who: Principal, ledger: Ledger) -> None:
    """An enterprise for its own placements, everybody else for the workers of their counties. Raises Forbidden."""
    require_party(who, ledger.enterprise)
    if who.role is not Role.ENTERPRISE:
        require_county(who, ledger.county)


def require_case(who: Principal, case: Case, counties: Iterable[CountyCode]) -> None:
    """The offices of the enterprise's seat and of the workers' counties see a case. Raises Forbidden.

    A case about no worker is for the seat alone; where that is not known, for a national office. An enterprise sees its own cases.
    """
    require_party(who, case.enterprise)
    if who.role is Role.ENTERPRISE or any(map(who.covers_county, (case.lead or NATION, *counties))):
        return
    raise Forbidden(f"{who} covers neither a worker's county nor the seat of the enterprise")


def require_lead(who: Principal, case: Case) -> None:
    """The office of the sender's seat decides, the worker's own assists it (rules.md 1.4). Raises Forbidden.

    Where the seat is not known, whoever sees the case decides.
    """
    if case.lead is not None:
        require_county(who, case.lead)


def require_officer(who: Principal) -> None:
    """Raises Forbidden."""
    if who.role is not Role.OFFICER:
        raise Forbidden(f"{who} is no officer")


def is_hidden(who: Principal, case: Case) -> bool:
    """Whether this reader must not learn who complained."""
    return case.hidden and who.role is Role.ENTERPRISE


def enterprise_of(who: Principal) -> str | None:
    """The one enterprise whose workers the caller sees; None: any, within the caller's counties."""
    return (who.party or "") if who.role is Role.ENTERPRISE else None


def of_own_enterprise(who: Principal, wanted: EnterpriseId | None) -> EnterpriseId | None:
    """What an enterprise asks for is its own; others may ask for any enterprise's. Raises Forbidden."""
    if who.role is not Role.ENTERPRISE:
        return wanted
    try:
        own = EnterpriseId(UUID(who.party or ""))
    except ValueError as error:
        raise Forbidden(f"{who} speaks for no enterprise") from error
    require_party(who, own if wanted is None else wanted)
    return own


def prefixes_of(who: Principal) -> tuple[str, ...]:
    """What the codes of the counties begin with whose workers the caller sees; an enterprise sees its own, wherever they are from."""
    return ("",) if who.role is Role.ENTERPRISE else who.county_prefixes()
