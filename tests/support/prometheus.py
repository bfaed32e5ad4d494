"""A real Prometheus for tests: rules held to series that a service has served, and a server that scrapes and alerts."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, Gauge

from shared.metrics import DEFINITIONS
from tests.contracts import watching

needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")), reason="no Prometheus: apt-get install prometheus"
)
MINUTES = 90  # for which a fault goes on
Series = tuple[str, tuple[tuple[str, str], ...]]


def promtool(*arguments: str) -> None:
    """Fails with what it printed."""
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def served() -> dict[Series, float]:
    """What /metrics of this process has of ours."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in REGISTRY.collect()
        if family.name.startswith("laowu_")
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def quiet() -> None:
    """No gauge of this process shows what another test has left."""
    for definition in DEFINITIONS:
        gauge = REGISTRY._names_to_collectors[definition.name] if definition.kind == "gauge" else None
        if isinstance(gauge, Gauge):
            gauge.clear() if definition.labels else gauge.set(1 if definition.name.endswith("_ratio") else 0)


def is_firing(alert: str, before: Mapping[Series, float], after: Mapping[Series, float], folder: Path) -> None:
    """The alert fires if what happened between the two goes on: gauges stay, counters grow as much every minute.

    With the series as they were before it does not.
    """
    (asked,) = (rule.when for rule, _ in watching.alerts() if rule.name == alert)
    gauges = {definition.name for definition in DEFINITIONS if definition.kind == "gauge"}
    # Of a process that has served thousands of requests to other tests, Prometheus would have to look at too many.
    moved = {_whole(one) for one, value in after.items() if one[0] in gauges or value != before.get(one, 0.0)}
    growing = [
        _series(name, labels, value, 0 if name in gauges else value - before.get((name, labels), 0.0))
        for (name, labels), value in after.items()
        if name in asked and _whole((name, labels)) in moved
    ]
    flat = [
        _series(name, labels, value, 0) for (name, labels), value in before.items() if name in asked and _whole((name, labels)) in moved
    ]
    count = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'

    def expected(series: list[dict[str, str]], times: int) -> dict[str, Any]:
        samples = [{"labels": "{}", "value": times}]
        tests = [{"expr": f"({count}) >= bool 1", "eval_time": f"{MINUTES}m", "exp_samples": samples}]
        return {"interval": "1m", "input_series": series, "promql_expr_test": tests}

    document = {
        "rule_files": [str(watching.FOLDER / "laowu.rules.yml")],
        "evaluation_interval": "1m",
        "tests": [expected(growing, 1), expected(flat, 0)],
    }
    file = folder / f"{alert}.yml"
    file.write_text(yaml.safe_dump(document, width=1_000))
    promtool("test", "rules", str(file))


def _whole(one: Series) -> Series:
    """The histogram that a bucket is of."""
    name, labels = one
    return name, tuple(pair for pair in labels if pair[0] != "le")


def _series(name: str, labels: tuple[tuple[str, str], ...], value: float, growth: float) -> dict[str, str]:
    pairs = ",".join(f'{key}="{text}"' for key, text in (("job", "service"), ("instance", "one"), *labels))
    return {"series": f"{name}{{{pairs}}}", "values": f"{value:g}{growth:+g}x{MINUTES}"}


CONFIGURATION = """
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["%s"] }] }] }
scrape_configs: [{ job_name: docking, static_configs: [{ targets: ["%s"] }] }]
"""


@asynccontextmanager
async def prometheus(folder: Path, target: str, alertmanager: str) -> AsyncIterator[None]:
    """A server that scrapes the target, as docking, and posts what fires at once; addresses are host:port."""
    rules = watching.groups()
    for rule in rules["groups"][0]["rules"]:
        rule["for"] = "0s"
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    (folder / "prometheus.yml").write_text(CONFIGURATION % (alertmanager, target))
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'series'}",
            "--web.listen-address=127.0.0.1:0",
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
