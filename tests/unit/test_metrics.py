"""Every metric is defined in shared/metrics.py, with its meaning and its remedy."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY, Gauge

from shared.metrics import DEFINITIONS, Definition, set_partitions
from tests.contracts.code import imports, name, python_files


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_a_metric_says_what_it_means_and_what_to_do(definition: Definition) -> None:
    assert definition.name.startswith("laowu_")
    assert len(definition.meaning) > 20
    assert definition.meaning.endswith(".")
    assert len(definition.remedy) > 20
    assert definition.remedy.endswith(".")


def test_every_metric_that_is_served_is_defined_once() -> None:
    served = {family.name: family.documentation for family in REGISTRY.collect() if family.name.startswith("laowu_")}
    defined = {definition.name.removesuffix("_total"): definition.help for definition in DEFINITIONS}
    assert len(DEFINITIONS) == len(defined)
    assert served == defined


def test_no_other_file_defines_a_metric() -> None:
    serving = {"prometheus_client.CONTENT_TYPE_LATEST", "prometheus_client.generate_latest"}
    defining = {
        name(file)
        for file in python_files("shared", "services", "console")
        for imported in imports(file)
        if imported.startswith("prometheus_client") and imported not in serving
    }
    assert defining == {"shared/metrics.py"}


def test_a_partition_that_was_revoked_has_no_sample_any_more() -> None:
    gauge = Gauge("test_partitions", "Of this test.", ("topic", "partition"), registry=None)
    set_partitions(gauge, {("a", 0): 1, ("a", 1): 2})
    set_partitions(gauge, {("a", 1): 3})
    (family,) = gauge.collect()
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"topic": "a", "partition": "1"}, 3)]
