"""Schemas of what operators add to Kubernetes: `python -m tests.contracts.crds CRD...` writes tests/contracts/crds/KIND.json.

CRD: files as the operators' projects have them. Taken over is what validates, less the parts that no manifest here uses; what is left out
is refused by the schema, so that nothing passes unchecked. The projects are under the Apache License 2.0.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "crds"
LEFT_OUT = frozenset(
    {
        "affinity",
        "cruiseControl",
        "kafkaExporter",
        "metricsConfig",
        "partial_response_strategy",
        "status",
        "template",
        "tolerations",
        "topologySpreadConstraints",
    }
)
KEPT = frozenset(
    {
        "type",
        "enum",
        "pattern",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "required",
        "items",
        "oneOf",
        "anyOf",
        "format",
    }
)


def schema_of(crd: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of the newest version that is stored. Unknown fields are refused, as `kubectl apply --validate=strict` does."""
    version = next(one for one in crd["spec"]["versions"] if one["storage"])
    found = converted(version["schema"]["openAPIV3Schema"])
    found["properties"]["apiVersion"] = {"const": f"{crd['spec']['group']}/{version['name']}"}
    found["properties"]["kind"] = {"const": crd["spec"]["names"]["kind"]}
    found["properties"]["metadata"] = {"type": "object"}
    return found


def converted(part: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI as Kubernetes writes it, in JSON Schema."""
    found: dict[str, Any] = {name: value for name, value in part.items() if name in KEPT}
    if part.get("x-kubernetes-int-or-string"):
        found.pop("type", None)
    if isinstance(part.get("items"), dict):
        found["items"] = converted(part["items"])
    if isinstance(part.get("additionalProperties"), dict):
        found["additionalProperties"] = converted(part["additionalProperties"])
    if "properties" in part:
        found["properties"] = {name: converted(value) for name, value in part["properties"].items() if name not in LEFT_OUT}
        if not part.get("x-kubernetes-preserve-unknown-fields"):
            found["additionalProperties"] = False
    return found


if __name__ == "__main__":
    for file in sys.argv[1:]:
        definition = yaml.safe_load(Path(file).read_text())
        (FOLDER / f"{definition['spec']['names']['kind']}.json").write_text(json.dumps(schema_of(definition), sort_keys=True) + "\n")
