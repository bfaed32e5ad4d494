"""Readiness: named conditions, each raised and cleared by the part of the process that checks it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from shared.metrics import CONDITION

logger = logging.getLogger("laowu.health")


@dataclass(slots=True)
class Health:
    """Named conditions that make the process unready; none: it is ready. It is alive while its event loop answers."""

    conditions: dict[str, str] = field(default_factory=dict)

    def raise_condition(self, name: str, reason: str) -> None:
        """Unready until cleared. Logged once, not on every repetition."""
        if name not in self.conditions:
            logger.error("unready: %s: %s", name, reason)
        self.conditions[name] = reason
        CONDITION.labels(name).set(1)

    def clear_condition(self, name: str) -> None:
        if self.conditions.pop(name, None) is not None:
            logger.warning("recovered: %s", name)
            CONDITION.labels(name).set(0)

    @property
    def ready(self) -> bool:
        return not self.conditions
