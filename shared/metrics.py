"""Every metric of a service process, defined here and nowhere else: what it means, what to do when it rises, and when somebody is called.

Labels are codes and topic names, never a person's data. Nothing is measured per record: per batch, per request, or per second. The rules
and the dashboard of deploy/watching are drawn from here (tests/contracts/watching.py); there `job` is the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from prometheus_client import Counter, Gauge, Histogram

Kind = Literal["counter", "gauge", "histogram"]


class Alert(NamedTuple):
    """Fires once `when`, in PromQL, has held for so many minutes. `call`: somebody is called at night; else it waits for the morning.

    `remedy`: where it is another than the metric's.
    """

    name: str
    when: str
    minutes: int = 0
    call: bool = False
    remedy: str = ""


class Definition(NamedTuple):
    """What the help text of a metric is made of, and what its rules and its panel are drawn from."""

    name: str
    meaning: str
    remedy: str
    kind: Kind
    labels: tuple[str, ...]
    alerts: tuple[Alert, ...]

    @property
    def help(self) -> str:
        return f"{self.meaning} {self.remedy}"


DEFINITIONS: list[Definition] = []
PARTITION = ("topic", "partition")
PROBES = "/livez|/readyz|/metrics"  # their 503 is an answer; a stream lasts as long as somebody reads it


def _grown(metric: str, by: str, window: str = "15m") -> str:
    """Whether a counter has grown: a series that is new counts too, which increase() passes over."""
    return f"sum by ({by}) (increase({metric}[{window}]) > 0 or ({metric} unless {metric} offset {window})) > 0"


def _define(name: str, kind: Kind, meaning: str, remedy: str, *, labels: tuple[str, ...], alerts: tuple[Alert, ...]) -> str:
    definition = Definition(name=name, meaning=meaning, remedy=remedy, kind=kind, labels=labels, alerts=alerts)
    DEFINITIONS.append(definition)
    return definition.help


def _counter(name: str, *, meaning: str, remedy: str, labels: tuple[str, ...] = (), alerts: tuple[Alert, ...] = ()) -> Counter:
    return Counter(name, _define(name, "counter", meaning, remedy, labels=labels, alerts=alerts), labels)


def _gauge(name: str, *, meaning: str, remedy: str, labels: tuple[str, ...] = (), alerts: tuple[Alert, ...] = ()) -> Gauge:
    return Gauge(name, _define(name, "gauge", meaning, remedy, labels=labels, alerts=alerts), labels)


def _histogram(
    name: str, *, meaning: str, remedy: str, buckets: tuple[float, ...], labels: tuple[str, ...] = (), alerts: tuple[Alert, ...] = ()
) -> Histogram:
    return Histogram(name, _define(name, "histogram", meaning, remedy, labels=labels, alerts=alerts), labels, buckets=buckets)


def set_partitions(gauge: Gauge, values: Mapping[tuple[str, int], float]) -> None:
    """One sample per (topic, partition), and none of partitions that are no longer among them."""
    gauge.clear()
    for (topic, partition), value in values.items():
        gauge.labels(topic, partition).set(value)


# --- readiness ------------------------------------------------------------------------------------------------------
CONDITION = _gauge(
    "laowu_condition",
    meaning="1 while a condition of /readyz is raised.",
    remedy="docs/operations.md says of each what it means and what to do; /readyz has the reason.",
    labels=("condition",),
    alerts=(Alert("LaowuUnready", "max by (job, condition) (laowu_condition) > 0", 2, call=True),),
)

# --- publishing -----------------------------------------------------------------------------------------------------
RELAYED = _counter(
    "laowu_relayed_total",
    meaning="Events that Kafka has acknowledged to the relay.",
    remedy="Flat while laowu_outbox_rows rises: look at Kafka, and at the condition relay of /readyz.",
    labels=("topic",),
)
OUTBOX_ROWS = _gauge(
    "laowu_outbox_rows",
    meaning="Events committed and not yet acknowledged by Kafka; 0 in a process whose relay waits for another's.",
    remedy="Rising: the relay or Kafka is away; see the condition relay of /readyz. Commands go on, events arrive later.",
)
OUTBOX_AGE = _gauge(
    "laowu_outbox_age_seconds",
    meaning="Age of the oldest event in the outbox; 0 when it is empty, or when another process relays.",
    remedy="Above a minute: nothing is relayed, whatever laowu_outbox_rows says; look at Kafka and at the relay's log lines.",
    alerts=(Alert("LaowuOutboxStands", "max by (job) (laowu_outbox_age_seconds) > 60", 1, call=True),),
)

# --- consuming ------------------------------------------------------------------------------------------------------
APPLIED = _counter(
    "laowu_applied_total",
    meaning="Events applied by this service.",
    remedy="Flat while laowu_consumer_lag_records rises: see the conditions consumer and kafka of /readyz.",
    labels=("topic",),
)
CONSUMER_LAG = _gauge(
    "laowu_consumer_lag_records",
    meaning="Records of an assigned partition that are not applied yet: the log's end less the stored position.",
    remedy="Rising: more is published than applied. Start another process of the service, or look why batches take long.",
    labels=PARTITION,
    alerts=(
        Alert("LaowuConsumerBehind", "sum by (job) (laowu_consumer_lag_records) > 10000", 10),
        Alert(
            "LaowuConsumerStands",
            "sum by (job) (laowu_consumer_lag_records) > 0 unless sum by (job) (increase(laowu_applied_total[5m])) > 0",
            5,
            call=True,
            remedy="Records wait and none is applied: see the conditions of /readyz, and the last log lines of its consumer.",
        ),
    ),
)
BATCH_SECONDS = _histogram(
    "laowu_batch_seconds",
    meaning="Seconds to take a batch of records in one transaction, failed attempts included.",
    remedy="Rising: PostgreSQL is slow or rows are locked; look at pg_stat_activity for what the consumer waits for.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REPEATED = _counter(
    "laowu_repeated_total",
    meaning="Records dropped as repeats.",
    remedy="Rises after a crash of a relay; rising steadily: a relay is restarting again and again.",
    labels=("topic",),
    alerts=(Alert("LaowuRelayRestarts", "sum by (job, topic) (rate(laowu_repeated_total[10m])) > 0", 30),),
)
AHEAD = _counter(
    "laowu_ahead_total",
    meaning="Records dropped because an earlier number has not come yet; the relay sends them again.",
    remedy="Rising without end: the log lost data; see laowu_gap_age_seconds.",
    labels=("topic",),
)
GAP_AGE = _gauge(
    "laowu_gap_age_seconds",
    meaning="Seconds since a sequence number of an assigned partition went missing; 0: none is missing.",
    remedy="Above GAP_ALARM_SECONDS: the log lost data or a relay does not finish its batch. Look at the producing service's relay first.",
    labels=PARTITION,
    alerts=(Alert("LaowuLogGap", "max by (job, topic, partition) (laowu_gap_age_seconds) > 60", call=True),),
)
UNKNOWN = _counter(
    "laowu_unknown_type_total",
    meaning="Events of types that this build does not know, which it skips.",
    remedy="Rising: a producer is newer than this consumer; deploy the consumer.",
    labels=("topic",),
    alerts=(Alert("LaowuUnknownType", _grown("laowu_unknown_type_total", "job, topic")),),
)

CANARY_AGE = _gauge(
    "laowu_canary_age_seconds",
    meaning="Age of a producer's newest synthetic event, one a minute, that is applied here; only in a process that relays.",
    remedy="Above some minutes: what it publishes does not arrive. See its process, its outbox, Kafka, and the consumer of this service.",
    labels=("producer",),
    alerts=(Alert("LaowuCanaryLate", "max by (job, producer) (laowu_canary_age_seconds) > 300", 1, call=True),),
)

# --- telling people --------------------------------------------------------------------------------------------------
DELIVERIES = _counter(
    "laowu_deliveries_total",
    meaning="Attempts to post a webhook or mail a letter, by what came of them: delivered, or a slug of what went wrong.",
    remedy="One other than delivered rising: `GET /endpoints`, by failing_since. mail_off, secret_unreadable: look at the settings.",
    labels=("kind", "outcome"),
    alerts=(
        Alert("LaowuDeliveriesFail", """sum by (job, kind, outcome) (increase(laowu_deliveries_total{outcome!="delivered"}[30m])) > 5"""),
    ),
)

# --- dead letters ---------------------------------------------------------------------------------------------------
PARKED = _counter(
    "laowu_parked_total",
    meaning="Records diverted to dead letters.",
    remedy="Any rise: `laowu deadletters list`.",
    labels=("topic", "reason"),
)
DEAD_LETTERS = _gauge(
    "laowu_dead_letters",
    meaning="Dead letters that nobody has decided; 0 in a process whose relay waits for another's.",
    remedy="Above 0: figures lack these records. `laowu deadletters list`, then redrive or discard them.",
    alerts=(Alert("LaowuDeadLetters", "max by (job) (laowu_dead_letters) > 0", 1),),
)

# --- figures --------------------------------------------------------------------------------------------------------
PUBLISH_DELAY = _histogram(
    "laowu_publish_delay_seconds",
    meaning="Age of the newest counted event when the figures that contain it are published.",
    remedy="Rising: counting is behind (laowu_consumer_lag_records), or a pass of the publisher takes long.",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1_800),
    alerts=(
        Alert("LaowuFiguresLate", "histogram_quantile(0.9, sum by (job, le) (rate(laowu_publish_delay_seconds_bucket[10m]))) > 60", 5),
    ),
)
REBUILD_PROGRESS = _gauge(
    "laowu_rebuild_progress_ratio",
    meaning="Part of the log that a rebuild has counted, from 0 to 1; 1 when none is under way.",
    remedy="Below 1 and flat: the rebuild has ended early. Run it again; it resumes where it stopped.",
    alerts=(
        Alert(
            "LaowuRebuildStands",
            "max by (job) (laowu_rebuild_progress_ratio < 1) and max by (job) (delta(laowu_rebuild_progress_ratio[15m])) == 0",
            5,
        ),
    ),
)

# --- HTTP -----------------------------------------------------------------------------------------------------------
REQUESTS = _histogram(
    "laowu_http_seconds",
    meaning="Seconds to answer an HTTP request, by route and status.",
    remedy="Status 5xx rising: look at the log lines of this process.",
    labels=("method", "route", "status"),
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
    alerts=(
        Alert(
            "LaowuServerErrors",
            f"""sum by (job) (rate(laowu_http_seconds_count{{status=~"5..",route!~"{PROBES}"}}[5m]))
  / sum by (job) (rate(laowu_http_seconds_count{{route!~"{PROBES}"}}[5m])) > 0.02""",
            5,
            call=True,
        ),
        Alert(
            "LaowuRequestsSlow",
            f"""histogram_quantile(0.99, sum by (job, le) (rate(laowu_http_seconds_bucket{{route!~"{PROBES}|/stream"}}[10m]))) > 1""",
            10,
            remedy="One request in a hundred takes more than a second: see which routes, and pg_stat_activity for what they wait for.",
        ),
    ),
)
