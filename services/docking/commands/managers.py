"""The managers who accompany workers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.docking.commands.fields import Command, Number
from shared.values import DestinationField


class FileManagers(Command):
    """E7: the list of accompanying managers is filed with the embassy and the approving authority, under this number."""

    destination: DestinationField
    filing_no: Number
    managers: Annotated[int, Field(strict=True, ge=1, le=10_000)]


class WithdrawManagers(Command):
    """No manager accompanies the workers there any more."""

    destination: DestinationField
