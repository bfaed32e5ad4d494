"""The rules and the dashboard of deploy/watching are those of shared/metrics.py, in a form that a Prometheus takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from shared.metrics import DEFINITIONS
from tests.contracts import watching
from tests.support.prometheus import needs_prometheus, promtool


@pytest.mark.parametrize("file", watching.FILES)
def test_what_is_drawn_from_the_metrics_is_up_to_date(file: str) -> None:
    assert (watching.FOLDER / file).read_text() == watching.FILES[file](), "stale: python -m tests.contracts.watching"


def test_every_metric_has_a_panel_with_what_it_means_and_what_to_do() -> None:
    described = {panel["title"]: panel["description"] for panel in json.loads(watching.FILES["dashboard.json"]())["panels"]}
    assert {definition.name: definition.help for definition in DEFINITIONS}.items() <= described.items()


def test_an_alert_names_metrics_that_there_are_and_has_a_name_of_its_own() -> None:
    names = [alert.name for alert, _ in watching.alerts()]
    assert len(names) == len(set(names))
    assert not [alert.name for alert, definition in watching.alerts() if definition.name not in alert.when]


def test_an_alert_says_which_of_several_it_is_and_what_to_do_about_it() -> None:
    annotations = {rule["alert"]: rule["annotations"] for rule in watching.groups()["groups"][0]["rules"]}
    assert annotations["LaowuUnready"]["summary"].startswith("{{ $labels.job }}, {{ $labels.condition }}: ")
    assert annotations["LaowuDown"]["summary"].startswith("{{ $labels.job }}, {{ $labels.instance }}: ")
    for one, other in (("LaowuServerErrors", "LaowuRequestsSlow"), ("LaowuConsumerBehind", "LaowuConsumerStands")):
        assert annotations[one]["description"] != annotations[other]["description"]


@needs_prometheus
def test_prometheus_takes_the_rules() -> None:
    promtool("check", "rules", str(watching.FOLDER / "laowu.rules.yml"))


@needs_prometheus
def test_prometheus_understands_every_panel(tmp_path: Path) -> None:
    queried = [target["expr"] for panel in watching.dashboard()["panels"] for target in panel["targets"]]
    recorded = [{"record": f"panel:{number}", "expr": query.replace("$job", "docking")} for number, query in enumerate(queried)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    promtool("check", "rules", str(tmp_path / "panels.yml"))
