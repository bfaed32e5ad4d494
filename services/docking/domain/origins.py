"""Where somebody is from, as it is counted: kept with what is counted by it, so that a correction takes off what was added."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values import CountyCode, Designation


@dataclass(frozen=True, slots=True)
class CountedOrigin:
    """County of the household register, and what it was listed as by which list on the day of the fact."""

    county: CountyCode
    designation: Designation
    designation_version: str
