"""The contract of a placement, its insurance, and its end before departure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from services.docking.commands.fields import Command, DocumentedAs, ListRows, Number, Version
from shared.values import Amount, Day, Line, PlacementId, PositiveAmount, WagePeriod


class ContractTerms(Command):
    """The terms a contract fixes (C1-C2). A daily wage needs `days_per_month`, the paid days of a full month."""

    contract_no: Number
    wage: PositiveAmount
    wage_period: WagePeriod
    days_per_month: Annotated[int, Field(strict=True, ge=1, le=31)] = 1
    pay_day: Annotated[int, Field(strict=True, ge=1, le=28)]
    deductions_max: Amount
    start: Day
    end: Day
    service_fee: Amount | None = None
    deposit: Amount | None = None  # named to be refused by name: C5


class RegisterContract(ContractTerms):
    """File the contract with the authority; due 10 working days after `signed_on` (C6), which is today unless given."""

    signed_on: Day | None = None
    version: Version | None = None


class ListedContract(RegisterContract):
    """One row of a list."""

    placement: PlacementId


class RegisterContracts(Command):
    """Contracts of many. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(ListedContract)]]


class BindInsurance(Command):
    """W2: the worker's accident insurance for the time abroad."""

    insurer: Line
    policy_no: Number
    valid_from: Day
    valid_to: Day
    version: Version | None = None


class ListedInsurance(BindInsurance):
    """One row of a list."""

    placement: PlacementId


class BindInsurances(Command):
    """One policy for many, or many policies. Each row is read by itself: a bad one hinders no other."""

    rows: ListRows[Annotated[dict[str, Any], DocumentedAs(ListedInsurance)]]


class CancelPlacement(Command):
    """An enterprise gives the reason `enterprise`, a clerk `worker`, an officer any."""

    reason: Literal["worker", "enterprise", "officer"]
    version: Version | None = None
