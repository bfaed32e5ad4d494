"""Every metric of a service process, each with what it means and what to do when it rises."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

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
