"""Who acts: roles, and the scope (regions, party) an aggregate is checked against where it is loaded.

Deny by default: a principal without a region covers no county. Regions are codes; "CN" is everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

NATION = "CN"
COUNTY_DIGITS = 6
REGION = re.compile(r"^(CN|[1-9][0-9]{5})$")


class Role(StrEnum):
    CLERK = "clerk"  # county clerk: workers of the regions in the token
    OFFICER = "officer"  # commerce authority: enterprises, corrections, everything in its regions
    ENTERPRISE = "enterprise"  # a dispatching enterprise: its own orders, placements, payroll
    TRAINER = "trainer"  # a training centre: sessions, attendance, certificates
    ASSESSOR = "assessor"  # assesses; never the trainer of the same session
    OPERATOR = "operator"  # runs the system: sweeps, dead letters, delivery state
    AUDITOR = "auditor"  # reads every figure and every history, changes nothing
    PUBLIC = "public"  # anybody: what is published, and nothing else
    SERVICE = "service"  # a reaction to an event; never issued as a token


class Forbidden(Exception):
    """The token's role or scope does not cover this."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts. `subject` is an account name, never a person's data.

    Raises ValueError for a region that is no code: as a prefix, "" would cover every county and "6" the whole north-west.
    """

    subject: str
    role: Role
    regions: tuple[str, ...] = ()
    party: str | None = None

    def __post_init__(self) -> None:
        if not all(REGION.fullmatch(region) for region in self.regions):
            raise ValueError("a region is CN or a division code of six digits")

    def __str__(self) -> str:
        return f"{self.role}:{self.subject}"

    def covers_county(self, county: str) -> bool:
        """A region code covers the counties below it: 620000 all of Gansu, 622400 a prefecture, 622427 one county."""
        return self.role is Role.SERVICE or county.startswith(self.county_prefixes())

    def county_prefixes(self) -> tuple[str, ...]:
        """What the codes of the covered counties begin with, for SQL; the empty prefix is everywhere."""
        return tuple("" if region == NATION else _significant(region) for region in self.regions)


def county_range(prefixes: Sequence[str]) -> tuple[str, str]:
    """From the first code to the last that begin with these, and some between that do not: for an index."""
    return min((prefix.ljust(6, "0") for prefix in prefixes), default="9"), max((prefix.ljust(6, "9") for prefix in prefixes), default="")


def only_county(prefixes: Sequence[str]) -> str | None:
    """The county, where the prefixes are those of one: its rows lie in an index in the order of their ids."""
    return prefixes[0] if len(prefixes) == 1 and len(prefixes[0]) == COUNTY_DIGITS else None


def _significant(region: str) -> str:
    return region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region


def system(service: str) -> Principal:
    """The principal of a reaction: the service itself."""
    return Principal(subject=service, role=Role.SERVICE, regions=(NATION,))


def require_county(who: Principal, county: str) -> None:
    """Raises Forbidden unless one of the principal's regions covers the county."""
    if not who.covers_county(county):
        raise Forbidden(f"{who} does not cover county {county}")


def require_party(who: Principal, party: object) -> None:
    """Raises Forbidden when an enterprise or centre acts on what is not its own; other roles are bound by region instead."""
    if who.role in (Role.ENTERPRISE, Role.TRAINER) and who.party != str(party):
        raise Forbidden(f"{who} does not act for {party}")
