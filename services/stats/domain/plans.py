"""A programme's plan: targets and quotas as data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.stats.domain.fields import Code, DomainModel, ShareField
from services.stats.domain.quotas import Quota
from services.stats.domain.targets import Target
from shared.values import Day, Line


class Plan(DomainModel):
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
    comparable_from: ShareField = (95, 100)
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
