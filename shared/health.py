"""Readiness: named conditions, each raised and cleared by whoever notices it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field


@dataclass(slots=True)
class Health:
    """Named conditions that make the process unready. Empty: ready. Alive is the event loop answering at all."""

    conditions: dict[str, str] = field(default_factory=dict)

    def raise_condition(self, name: str, reason: str) -> None:
        """Unready until cleared; said once in the log, not on every repetition."""
        if name not in self.conditions:
            logging.getLogger("laowu").error("unready: %s: %s", name, reason)
        self.conditions[name] = reason

    def clear_condition(self, name: str) -> None:
        if self.conditions.pop(name, None) is not None:
            logging.getLogger("laowu").warning("recovered: %s", name)

    @property
    def ready(self) -> bool:
        return not self.conditions
