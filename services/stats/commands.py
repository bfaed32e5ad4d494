"""Request bodies, bounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.stats.domain.classifications import Division, Listing
from services.stats.domain.fields import ClosablePeriod, Code
from services.stats.domain.plans import Plan
from shared.values import Currency, CurrencyField, Day, Line, PeriodField, exponent


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EnterProgramme(_Body):
    """`version`: the version this replaces (0: none yet); left out, whatever is in force is replaced."""

    plan: Plan
    reason: Line
    version: Annotated[int, Field(ge=0, le=10**6)] | None = None


class ClosePeriod(_Body):
    """Freeze a year (YYYY) or a month (YYYY-MM) that has ended."""

    period: ClosablePeriod


class ReopenPeriod(_Body):
    """The caller approves, and is not who closed it. The reason is published; the explanation may name somebody and is not."""

    period: ClosablePeriod
    reason: Literal["late_reports", "wrong_reports", "merged_workers", "method"]
    explanation: Line


Rate = Annotated[Decimal, Field(gt=0, lt=10**9, max_digits=21, decimal_places=12)]


def _foreign(currency: Currency) -> Currency:
    if currency == "CNY":
        raise ValueError("yuan need no rate")
    return currency


Foreign = Annotated[CurrencyField, AfterValidator(_foreign)]


class RateOfMonth(_Body):
    """Yuan per unit (not minor unit) of a currency in a month. `exponent`: the sender's idea of its minor units, checked if given."""

    currency: Foreign
    month: PeriodField
    yuan_per_unit: Rate
    exponent: Annotated[int, Field(ge=0, le=4)] | None = None

    @model_validator(mode="after")
    def _standard(self) -> Self:
        if self.exponent is not None and self.exponent != exponent(self.currency):
            raise ValueError(f"{self.currency} has {exponent(self.currency)} decimal places")
        return self


class LoadFxRates(_Body):
    """Rates for months that have none yet."""

    source: Line
    rates: Annotated[tuple[RateOfMonth, ...], Field(min_length=1, max_length=5000)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(rate.currency, rate.month) for rate in self.rates}) != len(self.rates):
            raise ValueError("a currency is given twice for a month")
        return self


class ReviseFxRate(_Body):
    """Another rate for a month that has one; what was converted with the old one is restated by itself."""

    rate: RateOfMonth
    source: Line
    reason: Line


class LoadDesignations(_Body):
    """Rows replace what the list says of the counties they name; `whole`: they are the list."""

    source: Line
    reason: Line
    rows: Annotated[tuple[Listing, ...], Field(min_length=1, max_length=5000)]
    whole: Annotated[bool, Field(strict=True)] = False


class LoadDivisions(_Body):
    """Rows replace what the list says of the codes they name; `whole`: they are the list."""

    source: Line
    reason: Line
    rows: Annotated[tuple[Division, ...], Field(min_length=1, max_length=5000)]
    whole: Annotated[bool, Field(strict=True)] = False


class RehearseScenario(_Body):
    """What to suppose: another plan (left out: the programme's own), other rates for some months, another list for some counties."""

    programme: Code = "2017-2020"
    plan: Plan | None = None
    rates: Annotated[tuple[RateOfMonth, ...], Field(max_length=600)] = ()
    designations: Annotated[tuple[Listing, ...], Field(max_length=2000)] = ()
    level: Literal["nation", "region", "province"] = "nation"
    as_known_at: Day | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(rate.currency, rate.month) for rate in self.rates}) != len(self.rates):
            raise ValueError("a currency is given twice for a month")
        if self.plan is None and not self.rates and not self.designations:
            raise ValueError("nothing is supposed")
        return self
