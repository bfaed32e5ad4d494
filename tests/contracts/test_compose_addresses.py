"""The end-to-end tests find what docker-compose.yml runs where it publishes it, and print no secret of it."""

from __future__ import annotations

import re

from joserfc.jwk import OKPKey

from console.local.compose_env import PORTS
from console.services import SERVICES
from tests.contracts.code import ROOT
from tests.support.compose_addresses import addresses
from tests.support.journey import RunningStack


def test_the_addresses_are_the_ports_that_compose_publishes() -> None:
    published = re.findall(r"127\.0\.0\.1:\$\{([A-Z]+)_PORT:-([0-9]+)\}", (ROOT / "docker-compose.yml").read_text())
    assert {name.lower(): int(port) for name, port in published} == PORTS


def test_a_port_and_a_password_are_those_that_compose_is_given() -> None:
    given = {f"{service.upper()}_PASSWORD": f"secret-of-{service}" for service in SERVICES}
    found = addresses({**given, "STATS_PORT": "9999"})
    assert (found["LAOWU_E2E_STATS"], found["LAOWU_E2E_DOCKING"]) == ("http://127.0.0.1:9999", "http://127.0.0.1:8102")
    assert found["LAOWU_E2E_RIGHTS_DATABASE"] == "postgresql://rights:secret-of-rights@127.0.0.1:54320/rights"


def test_a_failing_test_prints_no_password_and_no_key() -> None:
    key = OKPKey.generate_key("Ed25519")
    databases = {"stats": "postgresql://stats:secret-of-stats@127.0.0.1:54320/stats"}
    printed = repr(
        RunningStack(addresses={}, console="http://127.0.0.1:8100", key=key, kafka="127.0.0.1:9094", databases=databases, home=None)
    )
    assert "8100" in printed
    assert "secret-of-stats" not in printed
    assert str(key.as_dict(private=True)["d"]) not in printed
