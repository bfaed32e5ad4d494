"""The programmes there are: shipped with the product, or entered since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from services.stats.domain.errors import ProgrammeNotFound
from services.stats.domain.plans import Plan
from services.stats.queries import programmes
from shared.db import Tx

SHIPPED = Path(__file__).parent
MAIN = "2017-2020"


@dataclass(frozen=True, slots=True)
class ProgrammeInForce:
    """A plan and its version; 0: as shipped, nothing entered by then."""

    plan: Plan
    version: int
    entered_at: datetime | None = None


def shipped() -> dict[str, Plan]:
    plans = [Plan.model_validate(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(SHIPPED.glob("*.json"))]
    return {plan.code: plan for plan in plans}


async def in_force(tx: Tx, code: str = MAIN, known_on: date | None = None) -> ProgrammeInForce:
    """The newest version entered (by the end of a day), else the one shipped. Raises ProgrammeNotFound."""
    entered = await programmes.get(tx, code, known_on)
    if entered is not None:
        return ProgrammeInForce(entered.plan, entered.version, entered.entered_at)
    plan = shipped().get(code)
    if plan is None:
        raise ProgrammeNotFound(f"there is no programme {code!r}")
    return ProgrammeInForce(plan, 0)


async def all_in_force(tx: Tx, known_on: date | None = None) -> list[ProgrammeInForce]:
    found = await programmes.list_in_force(tx, known_on)
    entered = {entry.code: ProgrammeInForce(entry.plan, entry.version, entry.entered_at) for entry in found}
    return [*entered.values(), *(ProgrammeInForce(plan, 0) for code, plan in shipped().items() if code not in entered)]
