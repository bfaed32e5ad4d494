"""Whose ledger it is: checked right where it is loaded."""

from __future__ import annotations

from services.rights.domain.ledgers import Ledger
from shared.principals import Principal, Role, require_county, require_party


def require_ledger(who: Principal, ledger: Ledger) -> None:
    """An enterprise for its own placements, everybody else for the workers of their counties. Raises Forbidden."""
    require_party(who, ledger.enterprise)
    if who.role is not Role.ENTERPRISE:
        require_county(who, ledger.county)
