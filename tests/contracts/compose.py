"""docker-compose.yml as its containers read it, for the tests that hold it to the code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.local import compose_env
from tests.contracts.code import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLE = re.compile(r"\$\{(\w+)(?::?([?-])((?:[^{}]|\$\{[^{}]*\})*))?\}")
ISSUER_CA = "issuer_ca"  # the authorities of an issuer that .env names
JOB = "migrations"  # ends, when it is done


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the .env and keys of a fresh clone."""
    folder = tmp_path_factory.mktemp("compose")
    assert compose_env.write_env(folder / ".env", folder / "keys")
    return folder


@pytest.fixture(scope="module")
def variables(written: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (written / ".env").read_text().splitlines())


def rendered(text: str, variables: Mapping[str, str]) -> str:
    """What compose makes of a value. Fails for a variable that has neither a value nor a default."""

    def value(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        if name in variables:
            return variables[name]
        return rendered(default, variables) if kind == "-" else pytest.fail(f"{name} is not in .env")

    return VARIABLE.sub(value, str(text)).replace("$$", "$")


def environment(part: str, variables: Mapping[str, str]) -> dict[str, str]:
    """As the container gets it: what has no value in the file is set where it is a variable."""
    return {
        name: variables[name] if value is None else rendered(value, variables)
        for name, value in PARTS[part]["environment"].items()
        if value is not None or name in variables
    }
