"""Changes of a contract while the worker is abroad."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.docking.commands.fields import Command, Number, Version
from shared.values import Amount, Day, EmployerId, PositiveAmount, WagePeriod


class ExtendContract(Command):
    """The contract runs longer; signed before its end, today unless given."""

    end: Day
    signed_on: Day | None = None
    version: Version | None = None


class TransferEmployer(Command):
    """Another employer takes the worker over. What is not given of the terms stays as it was."""

    employer_id: EmployerId
    since: Day
    consent: Annotated[bool, Field(strict=True)]  # of the worker
    contract_no: Number
    wage: PositiveAmount | None = None
    wage_period: WagePeriod | None = None
    days_per_month: Annotated[int, Field(strict=True, ge=1, le=31)] | None = None
    pay_day: Annotated[int, Field(strict=True, ge=1, le=28)] | None = None
    deductions_max: Amount | None = None
    end: Day | None = None
    version: Version | None = None


class VoidContractChange(Command):
    """The last change did not happen, or was entered wrongly: it is undone, and can be entered as it was."""

    reason: Literal["entered_wrongly", "not_agreed", "wrong_placement"]
    version: Version | None = None
