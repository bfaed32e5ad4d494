"""Where the services of docker-compose.yml are, for the end-to-end tests: `python -m tests.support.compose_addresses` prints the
variables of tests/support/journey.py, read from .env."""

from __future__ import annotations

from collections.abc import Mapping

from console.local import compose_env
from console.services import SERVICES


def addresses(given: Mapping[str, str]) -> dict[str, str]:
    """`given`: what compose sees, the environment over .env."""
    ports = compose_env.ports(given)
    found = {
        "LAOWU_E2E_KEY": str(compose_env.KEYS / "auth.json"),
        "LAOWU_E2E_KAFKA": f"127.0.0.1:{ports['kafka']}",
        "LAOWU_E2E_CONSOLE": f"http://127.0.0.1:{ports['console']}",
    }
    for service in SERVICES:
        name, password = f"LAOWU_E2E_{service.upper()}", given[f"{service.upper()}_PASSWORD"]
        found[name] = f"http://127.0.0.1:{ports[service]}"
        found[f"{name}_DATABASE"] = f"postgresql://{service}:{password}@127.0.0.1:{ports['postgres']}/{service}"
    return found


def main() -> None:
    for name, value in addresses(compose_env.given()).items():
        print(f"{name}={value}")  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
