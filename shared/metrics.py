"""What a process tells about itself: readiness conditions, metrics (each with what to do when it rises), logs."""

from __future__ import annotations

import gc
import logging
import sys
from dataclasses import dataclass, field

from prometheus_client import Counter, Gauge, Histogram


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


# Labels are codes and topic names, never a person's data.
RELAYED = Counter(
    "laowu_relayed_total", "Events the relay got acknowledged by Kafka. Flat while the outbox grows: look at Kafka.", ["topic"]
)
OUTBOX = Gauge("laowu_outbox_rows", "Events committed and not yet acknowledged by Kafka. Rising: the relay or Kafka is away.")
APPLIED = Counter("laowu_applied_total", "Events applied by this service.", ["topic"])
REPEATED = Counter(
    "laowu_repeated_total", "Records dropped as repeats. Rises after crashes; rising steadily: a relay is restarting.", ["topic"]
)
AHEAD = Counter(
    "laowu_ahead_total", "Records dropped because an earlier number has not come yet. Rising without end: the log lost data.", ["topic"]
)
UNKNOWN = Counter(
    "laowu_unknown_type_total", "Events of types this build does not know. Rising: a producer is newer than this consumer.", ["topic"]
)
PARKED = Counter("laowu_parked_total", "Records diverted to dead_letter. Any rise: `laowu deadletters list`.", ["topic", "reason"])
REQUESTS = Histogram(
    "laowu_http_seconds",
    "HTTP requests by route and status. 5xx rising: the logs of this process.",
    ["method", "route", "status"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)


def configure_logging(service: str, level: str) -> None:
    """One line per entry on stderr; the supervisor keeps it per service."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s {service} %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiokafka").setLevel("WARNING")


def collect_seldom() -> None:
    """For a process that takes records by the ten thousand, which are no garbage yet: Python would look through them again and again."""
    gc.set_threshold(100_000, 50, 100)
