"""Numbers that placements had before this system."""

from __future__ import annotations

from services.docking.commands.fields import Command
from shared.old_numbers import OldNumberText, OldSystem


class RecordOldNumber(Command):
    """The number that the placement had in a system before this one, by which people still ask for it."""

    system: OldSystem
    number: OldNumberText
