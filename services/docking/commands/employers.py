"""The employers of the host states."""

from __future__ import annotations

from typing import Literal

from services.docking.commands.fields import Command, Number
from shared.values import DestinationField, Line


class RegisterEmployer(Command):
    """E6: a company of the host state. An individual is named to be refused by name."""

    name: Line
    kind: Literal["company", "public_body", "individual"] = "company"
    destination: DestinationField
    registration_no: Number
    licence_no: Number | None = None
