"""All orders matched at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.docking.commands.fields import Command


class MatchAllOrders(Command):
    """Propose the best matches for all open orders at once. A quota that is missed counts as in the score, and by `quota_weight` per
    cent of that once more; an order gets `most_per_order` proposals at most. The answer shows the first `shown` of them.
    """

    quota_weight: Annotated[int, Field(strict=True, ge=0, le=1000)]
    most_per_order: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 100_000
    shown: Annotated[int, Field(strict=True, ge=0, le=1000)] = 100
    dry_run: Annotated[bool, Field(strict=True)] = False
