"""What may be asked of the service, bounded: plans entered, figures asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.reference import Region, Scheme
from shared.values import (
    Channel,
    CountyField,
    Currency,
    CurrencyField,
    Day,
    Designation,
    DestinationField,
    EnterpriseId,
    Line,
    OccupationField,
    PeriodField,
    Sex,
    exponent,
)

Basis = Literal["ever_listed", "listed_at_departure", "listed_on_day"]  # the last: on the day, by the list in force now
Listed = Annotated[tuple[Designation, ...], Field(max_length=4)]
Amount = Annotated[int, Field(ge=1, le=10**15)]
Year = Annotated[int, Field(ge=1990, le=2199)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
ShareOf = tuple[Annotated[int, Field(ge=1, le=10**6)], Annotated[int, Field(ge=1, le=10**6)]]
AgeBand = Annotated[str, Field(pattern=r"^([0-9]{1,3}-[0-9]{1,3}|-)$")]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Filter(_Body):
    """Which part of a measure: every named dimension must match one of its values; empty matches all."""

    county: Annotated[tuple[CountyField, ...], Field(max_length=500)] = ()
    designation: Listed = ()  # as stamped at departure
    listed: Listed = ()  # by the basis of the question: ever, or at departure
    province: Annotated[tuple[CountyField, ...], Field(max_length=40)] = ()
    region: Annotated[tuple[Region, ...], Field(max_length=8)] = ()
    destination: Annotated[tuple[DestinationField, ...], Field(max_length=250)] = ()
    occupation: Annotated[tuple[OccupationField, ...], Field(max_length=500)] = ()
    enterprise: Annotated[tuple[EnterpriseId, ...], Field(max_length=100)] = ()
    channel: Annotated[tuple[Channel, ...], Field(max_length=3)] = ()
    sex: Annotated[tuple[Sex, ...], Field(max_length=2)] = ()
    age_band: Annotated[tuple[AgeBand, ...], Field(max_length=20)] = ()

    def chosen(self) -> dict[str, frozenset[str]]:
        """The dimensions that restrict, and to what."""
        return {name: frozenset(str(value) for value in values) for name, values in self if values}

    def within(self, other: Filter) -> bool:
        """Whether everything this filter lets through, the other does too."""
        mine, theirs = self.chosen(), other.chosen()
        return all(name in mine and mine[name] <= values for name, values in theirs.items())


class Milestone(_Body):
    """What is to be reached by the end of a day, everything before included."""

    until: Day
    amount: Amount


class Target(_Body):
    """A floor to reach between two days. Money counts in fen (1/100 yuan)."""

    code: Code
    measure: Literal["dispatches", "persons", "returns", "registrations", "certified", "matched", "income", "income_remitted"]
    filter: Filter = Filter()
    starts: Day
    ends: Day
    floor: Amount
    stretch: Amount | None = None
    distribution: Literal["linear", "seasonal", "table"] = "linear"
    table: Annotated[tuple[Milestone, ...], Field(max_length=400)] = ()

    @model_validator(mode="after")
    def _orderly(self) -> Self:
        if self.ends < self.starts:
            raise ValueError("ends before it starts")
        if (self.distribution == "table") != bool(self.table):
            raise ValueError("a table belongs to the distribution table, and to no other")
        days, amounts = [step.until for step in self.table], [step.amount for step in self.table]
        if days and (days != sorted(set(days)) or amounts != sorted(amounts) or days[0] < self.starts or days[-1] != self.ends):
            raise ValueError("a table runs through the target's days to its last, and its amounts do not fall")
        if self.stretch is not None and self.stretch < self.floor:
            raise ValueError("the stretch lies below the floor")
        return self


class Quota(_Body):
    """A share to hold in every calendar year, and whether it must rise from year to year."""

    code: Code
    title: Line
    measure: Literal["dispatches", "persons"]
    numerator: Filter
    denominator: Filter = Filter()
    threshold: ShareOf
    rising: bool
    strict: bool = True
    first_year: Year
    last_year: Year
    basis: Basis = "ever_listed"
    scheme: Scheme = "three_belt"
    binding: bool

    @model_validator(mode="after")
    def _orderly(self) -> Self:
        if self.last_year < self.first_year:
            raise ValueError("the last year lies before the first")
        if self.threshold[0] >= self.threshold[1]:
            raise ValueError("a threshold is a share below one")
        if not self.numerator.within(self.denominator):
            raise ValueError("the numerator is no part of the denominator")
        return self


class Plan(_Body):
    """A programme: targets and quotas. Entered again under its code it becomes the next version.

    `comparable_from`: a year of which less than this part is reported is judged by no quota and compared with nothing; by the days
    through which the figures are complete, or also by the wage months that are reported of those due (coverage).
    """

    code: Code
    title: Line
    source: Line
    starts: Day
    ends: Day
    targets: Annotated[tuple[Target, ...], Field(max_length=50)]
    quotas: Annotated[tuple[Quota, ...], Field(max_length=50)]
    comparable_from: ShareOf = (95, 100)
    comparable_by: Literal["days", "coverage"] = "days"

    @model_validator(mode="after")
    def _orderly(self) -> Self:
        if self.ends < self.starts:
            raise ValueError("ends before it starts")
        codes = [target.code for target in self.targets] + [quota.code for quota in self.quotas]
        if len(set(codes)) != len(codes):
            raise ValueError("a code is used twice")
        if self.comparable_from[0] > self.comparable_from[1]:
            raise ValueError("a part is at most the whole")
        return self


class EnterProgramme(_Body):
    """`version`: the version this replaces (0: none yet); left out, whatever is in force is replaced."""

    plan: Plan
    reason: Line
    version: Annotated[int, Field(ge=0, le=10**6)] | None = None


ClosablePeriod = Annotated[str, Field(pattern=r"^(19[0-9]{2}|20[0-9]{2}|21[0-9]{2})(-(0[1-9]|1[0-2]))?$")]


class ClosePeriod(_Body):
    """Freeze a year (YYYY) or a month (YYYY-MM) that has ended."""

    period: ClosablePeriod


class ReopenPeriod(_Body):
    """The caller approves, and is not who closed it. The reason is told to everybody; the explanation may name somebody and is not."""

    period: ClosablePeriod
    reason: Literal["late_reports", "wrong_reports", "merged_workers", "method"]
    explanation: Line


Rate = Annotated[Decimal, Field(gt=0, lt=10**9, max_digits=21, decimal_places=12)]


def _foreign(currency: Currency) -> Currency:
    if currency == "CNY":
        raise ValueError("yuan need no rate")
    return currency


Foreign = Annotated[CurrencyField, AfterValidator(_foreign)]


class FxRate(_Body):
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
    rates: Annotated[tuple[FxRate, ...], Field(min_length=1, max_length=5000)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(rate.currency, rate.month) for rate in self.rates}) != len(self.rates):
            raise ValueError("a currency stands twice in a month")
        return self


class ReviseFxRate(_Body):
    """Another rate for a month that has one; what was converted with the old one is restated by itself."""

    rate: FxRate
    source: Line
    reason: Line


# --- lists ----------------------------------------------------------------------------------------------------------------
class _Dated(_Body):
    """Holds from a day to a day, both included; without an end it still holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    county: CountyField
    since: Day = Field(alias="from")
    until: Day | None = Field(default=None, alias="to")


class Listing(_Dated):
    """What a county was listed as; `none` strikes it from the list."""

    designation: Literal[Designation.NATIONAL, Designation.PROVINCIAL, Designation.NONE]


class Division(_Dated):
    """A code that a household register may carry. `same_as`: the code under which the lists know the same county."""

    name: Line
    same_as: CountyField | None = None


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


By = Literal[
    "year",
    "month",
    "day",
    "county",
    "designation",
    "province",
    "region",
    "listed",
    "destination",
    "occupation",
    "enterprise",
    "channel",
    "sex",
    "age_band",
    "days",
]


class Question(_Body):
    """One figure asked for: the one form behind the API, exports, boards, targets and quotas."""

    measure: str
    start: date
    end: date
    by: tuple[By, ...] = ()
    filter: Filter = Filter()
    basis: Basis = "ever_listed"
    scheme: Scheme = "three_belt"
    known_on: date | None = None  # only what was recorded by then; None: everything


class Page(_Body):
    """`after`: the `next` of the page before."""

    after: str | None
    limit: int


PublicBy = Literal["province", "destination", "channel", "sex", "age_band"]


class Scenario(_Body):
    """What to suppose: another plan (left out: the programme's own), other rates for some months, another list for some counties."""

    programme: Code = "2017-2020"
    plan: Plan | None = None
    rates: Annotated[tuple[FxRate, ...], Field(max_length=600)] = ()
    designations: Annotated[tuple[Listing, ...], Field(max_length=2000)] = ()
    level: Literal["nation", "region", "province"] = "nation"
    as_known_at: Day | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({(rate.currency, rate.month) for rate in self.rates}) != len(self.rates):
            raise ValueError("a currency stands twice in a month")
        if self.plan is None and not self.rates and not self.designations:
            raise ValueError("nothing is supposed")
        return self
