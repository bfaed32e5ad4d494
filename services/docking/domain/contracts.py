"""What a placement needs in writing: the contract with its terms, and the insurance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from services.docking.domain.medicals import Medical
from shared.values import Money, WagePeriod

FILING_DAYS = 10  # C6: working days from the signing to the filing


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """C1-C2. `deductions_max` per wage period; `days_per_month` paid days of a full month, 1 where the wage is monthly."""

    contract_no: str
    signed_on: date
    wage: Money
    wage_period: WagePeriod
    days_per_month: int
    pay_day: int
    deductions_max: Money
    start: date
    end: date
    service_fee: Money | None
    filed_on: date

    @property
    def monthly_wage(self) -> int:
        """Minor units of the wage's currency."""
        return self.wage.minor * self.days_per_month

    @property
    def months(self) -> int:
        """Begun months of the term, at least one."""
        return max(1, (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + (self.end.day > self.start.day))


@dataclass(frozen=True, slots=True)
class Insurance:
    """W2: personal accident insurance for the time abroad."""

    insurer: str
    policy_no: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Filing:
    """C6: `due` is the last day on which the contract is filed in time."""

    due: date
    late: bool


def filing(contract: Contract, working_days_after: Callable[[date, int], date]) -> Filing:
    """C6: a contract is filed within 10 working days of its signing. The calendar is passed in: it is reference data."""
    due = working_days_after(contract.signed_on, FILING_DAYS)
    return Filing(due=due, late=contract.filed_on > due)


def as_json(terms: Contract | Insurance | Medical) -> dict[str, Any]:
    """Days as ISO text, money as {minor, currency}."""
    return {name: _plain(value) for name, value in asdict(terms).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value.model_dump() if isinstance(value, Money) else value


def terms_hash(contract: Contract) -> str:
    """SHA-256 over the agreed terms as canonical JSON, hex, so that they can be compared after arrival."""
    agreed = {name: value for name, value in as_json(contract).items() if name not in ("signed_on", "filed_on")}
    return hashlib.sha256(json.dumps(agreed, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
