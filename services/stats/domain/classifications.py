"""Rows of the two lists by which counties are classified."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from services.stats.domain.fields import DomainModel
from shared.values import CountyField, Day, Designation, Line


class _Dated(DomainModel):
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
