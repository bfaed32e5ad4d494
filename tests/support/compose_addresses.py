"""Where the services of docker-compose.yml are, for the end-to-end tests: `python -m tests.support.compose_addresses` prints the
variables of tests/support/journey.py, read from .env."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from console.local.compose_env import KEYS
from console.services import SERVICES

PORTS = {**{service: 8101 + place for place, service in enumerate(SERVICES)}, "kafka": 9094, "postgres": 54320}


def addresses(given: Mapping[str, str]) -> dict[str, str]:
    """`given`: what compose sees, the environment over .env."""
    ports = {name: given.get(f"{name.upper()}_PORT", str(port)) for name, port in PORTS.items()}
    found = {"LAOWU_E2E_KEY": str(KEYS / "auth.json"), "LAOWU_E2E_KAFKA": f"127.0.0.1:{ports['kafka']}"}
    for service in SERVICES:
        name, password = f"LAOWU_E2E_{service.upper()}", given[f"{service.upper()}_PASSWORD"]
        found[name] = f"http://127.0.0.1:{ports[service]}"
        found[f"{name}_DATABASE"] = f"postgresql://{service}:{password}@127.0.0.1:{ports['postgres']}/{service}"
    return found


def main() -> None:
    lines = (line.partition("=") for line in Path(".env").read_text().splitlines() if line)
    for name, value in addresses({**{name: value for name, _, value in lines}, **os.environ}).items():
        print(f"{name}={value}")  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
