"""Alert rules and the dashboard, drawn from shared/metrics.py: `python -m tests.contracts.watching` writes deploy/watching.

`laowu.rules.yml` is for a Prometheus of one's own; `rules.yaml` and `monitors.yaml` are the same for the Prometheus operator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from console.services import SERVICES
from shared.metrics import DEFINITIONS, Alert, Definition
from tests.contracts.code import ROOT

FOLDER = ROOT / "deploy/watching"
HEAD = "# Written by `python -m tests.contracts.watching` from shared/metrics.py.\n"
DOWN = Definition(
    name="up",
    meaning="The process does not answer /metrics.",
    remedy="It is gone, hangs, or cannot be reached: see its log and its restarts. Others of the service go on.",
    kind="gauge",
    labels=(),
    alerts=(Alert("LaowuDown", f'min by (job, instance) (up{{job=~"{"|".join(SERVICES)}"}}) == 0', 1, call=True),),
)
LABELS = {"app.kubernetes.io/part-of": "laowu"}
Manifest = dict[str, Any]


# --- rules ----------------------------------------------------------------------------------------------------------------
def alerts() -> Iterator[tuple[Alert, Definition]]:
    for definition in (DOWN, *DEFINITIONS):
        for alert in definition.alerts:
            yield alert, definition


def told_apart(alert: Alert) -> str:
    """Which of several it is: by the labels that the expression keeps."""
    (kept,) = re.findall(r" by \((.*?)\)", alert.when)[:1]
    return ", ".join(f"{{{{ $labels.{label} }}}}" for label in kept.split(", ") if label != "le")


def rule(alert: Alert, definition: Definition) -> Manifest:
    return {
        "alert": alert.name,
        "expr": alert.when,
        "for": f"{alert.minutes}m",
        "labels": {"severity": "critical" if alert.call else "warning"},
        "annotations": {"summary": f"{told_apart(alert)}: {definition.meaning}", "description": alert.remedy or definition.remedy},
    }


def groups() -> Manifest:
    return {"groups": [{"name": "laowu", "rules": [rule(alert, definition) for alert, definition in alerts()]}]}


# --- for the Prometheus operator ------------------------------------------------------------------------------------------
def metadata(name: str) -> Manifest:
    return {"name": name, "labels": LABELS}


def prometheus_rule() -> Manifest:
    return {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": metadata("laowu"), "spec": groups()}


def pod_monitor() -> Manifest:
    """A pod's `job` is its service, as in the rules."""
    chosen = {"matchLabels": LABELS, "matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": list(SERVICES)}]}
    spec = {
        "selector": chosen,
        "jobLabel": "app.kubernetes.io/name",
        "podMetricsEndpoints": [{"port": "http", "path": "/metrics", "interval": "15s", "scrapeTimeout": "10s"}],
    }
    return {"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": metadata("laowu"), "spec": spec}


# --- the dashboard --------------------------------------------------------------------------------------------------------
SOURCE = {"type": "prometheus", "uid": "${source}"}
WIDTH, HEIGHT = 12, 7  # of 24 columns


def queries(definition: Definition) -> dict[str, str]:
    """Legend -> PromQL: a counter by the second, a gauge as it is, of a histogram the median and the 99th percentile."""
    name, by = definition.name, ", ".join(("job", *definition.labels))
    legend = " ".join(f"{{{{{label}}}}}" for label in ("job", *definition.labels))
    if definition.kind == "counter":
        return {legend: f'sum by ({by}) (rate({name}{{job=~"$job"}}[5m]))'}
    if definition.kind == "gauge":
        return {legend: f'max by ({by}) ({name}{{job=~"$job"}})'}
    buckets = f'sum by (job, le) (rate({name}_bucket{{job=~"$job"}}[5m]))'
    return {f"{{{{job}}}} p{part}": f"histogram_quantile(0.{part}, {buckets})" for part in (50, 99)}


def unit(definition: Definition) -> str:
    if definition.name.endswith("_seconds"):
        return "s"
    if definition.name.endswith("_ratio"):
        return "percentunit"
    return "cps" if definition.kind == "counter" else "short"


def panel(number: int, title: str, description: str, **more: Any) -> Manifest:
    place = {"x": number % 2 * WIDTH, "y": number // 2 * HEIGHT, "w": WIDTH, "h": HEIGHT}
    return {"id": number + 1, "title": title, "description": description, "datasource": SOURCE, "gridPos": place, **more}


def of_metric(number: int, definition: Definition) -> Manifest:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": SOURCE, "legendFormat": legend, "expr": query}
        for index, (legend, query) in enumerate(queries(definition).items())
    ]
    defaults = {"unit": unit(definition), "min": 0}
    return panel(
        number,
        definition.name,
        definition.help,
        type="timeseries",
        targets=targets,
        fieldConfig={"defaults": defaults, "overrides": []},
        options={"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    )


def dashboard() -> Manifest:
    firing = {
        "refId": "A",
        "datasource": SOURCE,
        "expr": 'ALERTS{alertname=~"Laowu.*", alertstate="firing", job=~"$job"}',
        "instant": True,
        "format": "table",
    }
    variables = [
        {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
        {
            "name": "job",
            "type": "query",
            "label": "service",
            "datasource": SOURCE,
            "query": f'label_values(up{{job=~"{"|".join(SERVICES)}"}}, job)',
            "includeAll": True,
            "multi": True,
            "current": {"text": ["All"], "value": ["$__all"]},
            "refresh": 2,
        },
    ]
    drawn = (definition for definition in (DOWN, *DEFINITIONS))
    return {
        "uid": "laowu",
        "title": "Laowu",
        "tags": ["laowu"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": variables},
        "panels": [
            panel(0, "Alerts that fire", "Each says in its description what to do.", type="table", targets=[firing]),
            *(of_metric(number, definition) for number, definition in enumerate(drawn, 1)),
        ],
    }


# --- files ----------------------------------------------------------------------------------------------------------------
def written(*manifests: Manifest) -> str:
    return HEAD + yaml.safe_dump_all(manifests, sort_keys=False, width=150, allow_unicode=True)


FILES: Mapping[str, Callable[[], str]] = {
    "laowu.rules.yml": lambda: written(groups()),
    "rules.yaml": lambda: written(prometheus_rule()),
    "monitors.yaml": lambda: written(pod_monitor()),
    "dashboard.json": lambda: json.dumps(dashboard(), indent=1, sort_keys=True) + "\n",
}


if __name__ == "__main__":
    for file, text in FILES.items():
        (FOLDER / file).write_text(text())
