"""What is paid into an enterprise's risk reserve, and out of it."""

from __future__ import annotations

from services.docking.commands.fields import Command, Version
from services.docking.domain.reserves import ReserveUse
from shared.values import CaseId, PositiveAmount


class DepositReserve(Command):
    """E3: a deposit into the risk reserve, in yuan."""

    amount: PositiveAmount
    version: Version | None = None


class DrawReserve(Command):
    """E4: paid out in a case, for one of the uses that the law allows, in yuan."""

    amount: PositiveAmount
    use: ReserveUse
    case: CaseId
    version: Version | None = None


class TopUpReserve(Command):
    """E4: what a draw took is put back, in yuan."""

    amount: PositiveAmount
    version: Version | None = None
