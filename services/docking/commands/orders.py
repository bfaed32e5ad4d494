"""The demand: job orders."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.docking.commands.fields import Command, Version
from shared.old_numbers import OldNumber
from shared.values import (
    Amount,
    Channel,
    Day,
    DestinationField,
    EmployerId,
    EnterpriseId,
    Line,
    OccupationField,
    PositiveAmount,
    WagePeriod,
)


class OpenJobOrder(Command):
    """A need for workers. Without `expires` it is open for the programme's default of days.

    `employer_id`, of a registered employer, stands instead of the name `employer`.
    """

    enterprise: EnterpriseId
    employer: Line | None = None
    employer_id: EmployerId | None = None
    destination: DestinationField
    occupation: OccupationField
    channel: Channel
    positions: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    wage: PositiveAmount
    wage_period: WagePeriod
    term_months: Annotated[int, Field(strict=True, ge=1, le=120)]
    fee_cap: Amount | None = None
    expires: Day | None = None
    old_number: OldNumber | None = None


class AmendJobOrder(Command):
    """What is given replaces what was. What workers before departure were matched at is not taken back."""

    positions: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    wage: PositiveAmount | None = None
    wage_period: WagePeriod | None = None
    term_months: Annotated[int, Field(strict=True, ge=1, le=120)] | None = None
    fee_cap: Amount | None = None
    expires: Day | None = None
    version: Version | None = None


class CloseJobOrder(Command):
    """Take no more workers. Placements under way go on."""

    version: Version | None = None
