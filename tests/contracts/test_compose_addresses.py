"""The end-to-end tests find the services of docker-compose.yml where it publishes them."""

from __future__ import annotations

import re

from console.services import SERVICES
from tests.contracts.code import ROOT
from tests.support.compose_addresses import PORTS, addresses


def test_the_addresses_are_the_ports_that_compose_publishes() -> None:
    published = re.findall(r"127\.0\.0\.1:\$\{([A-Z]+)_PORT:-([0-9]+)\}", (ROOT / "docker-compose.yml").read_text())
    assert {name.lower(): int(port) for name, port in published} == PORTS


def test_a_port_and_a_password_are_those_that_compose_is_given() -> None:
    given = {f"{service.upper()}_PASSWORD": f"secret-of-{service}" for service in SERVICES}
    found = addresses({**given, "STATS_PORT": "9999"})
    assert (found["LAOWU_E2E_STATS"], found["LAOWU_E2E_DOCKING"]) == ("http://127.0.0.1:9999", "http://127.0.0.1:8102")
    assert found["LAOWU_E2E_RIGHTS_DATABASE"] == "postgresql://rights:secret-of-rights@127.0.0.1:54320/rights"
