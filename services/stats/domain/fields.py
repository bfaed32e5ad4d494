"""Bounded fields that several types of the domain have."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class DomainModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Amount = Annotated[int, Field(ge=1, le=10**15)]
Year = Annotated[int, Field(ge=1990, le=2199)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
ShareField = tuple[Annotated[int, Field(ge=1, le=10**6)], Annotated[int, Field(ge=1, le=10**6)]]
ClosablePeriod = Annotated[str, Field(pattern=r"^(19[0-9]{2}|20[0-9]{2}|21[0-9]{2})(-(0[1-9]|1[0-2]))?$")]
