"""What is asked of the figures: a measure between two days, by which dimensions, of which part."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from services.stats.domain.fields import DomainModel
from shared.values import (
    Channel,
    CountyField,
    Designation,
    DestinationField,
    EnterpriseId,
    Grade,
    OccupationField,
    OutreachChannel,
    Payer,
    Region,
    Scheme,
    Sex,
)

Basis = Literal["ever_listed", "listed_at_departure", "listed_on_day"]  # the last: on the day, by the list in force now
Listed = Annotated[tuple[Designation, ...], Field(max_length=4)]
AgeBand = Annotated[str, Field(pattern=r"^([0-9]{1,3}-[0-9]{1,3}|-)$")]
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
    "payer",
    "grade",
    "outreach_channel",
]
PublicBy = Literal["province", "destination", "channel", "sex", "age_band"]


class Filter(DomainModel):
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
    payer: Annotated[tuple[Payer, ...], Field(max_length=4)] = ()  # of a settlement
    grade: Annotated[tuple[Grade, ...], Field(max_length=4)] = ()  # of an emergency
    outreach_channel: Annotated[tuple[OutreachChannel, ...], Field(max_length=20)] = ()

    def chosen(self) -> dict[str, frozenset[str]]:
        """The dimensions that restrict, and to what."""
        return {name: frozenset(str(value) for value in values) for name, values in self if values}

    def within(self, other: Filter) -> bool:
        """Whether everything this filter lets through, the other does too."""
        mine, theirs = self.chosen(), other.chosen()
        return all(name in mine and mine[name] <= values for name, values in theirs.items())


class Question(DomainModel):
    """One figure asked for: the one form behind the API, exports, targets and quotas."""

    measure: str
    start: date
    end: date
    by: tuple[By, ...] = ()
    filter: Filter = Filter()
    basis: Basis = "ever_listed"
    scheme: Scheme = "three_belt"
    known_on: date | None = None  # only what was recorded by then; None: everything
