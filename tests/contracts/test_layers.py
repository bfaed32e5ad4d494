"""What the layers may know, beyond what import-linter checks: HTTP, the clock, randomness."""

from __future__ import annotations

import ast
import re
import sys

import pytest

from console.services import SERVICES
from tests.contracts.code import imports, name, part, python_files, tree

every_service = pytest.mark.parametrize("service", SERVICES)
# Plans, quotas and questions of stats are entered and stored as JSON: one type holds their bounds and their rule.
DOMAIN_ALSO_IMPORTS = {"stats": ("pydantic.",)}
HTTP = ("fastapi.", "starlette.", "uvicorn.", "aiohttp.", "shared.web.")


def test_only_apis_and_the_runner_know_http() -> None:
    """The engine runs without HTTP: a consumer, a publisher or a rebuild is started by tests and commands that serve nothing. Webhooks
    are posted by a sender that the runner alone starts; tokens for Kafka are asked of their issuer, where a cluster wants them; keys of
    personal data are wrapped by the Vault that keeps the master key, where there is one.
    """
    engine = [
        file
        for file in python_files("services", "shared")
        if not re.match(
            r"shared/(web/|runner\.py|kafka_access\.py|notifications/(sender|webhooks)\.py)|services/\w+/(api\b|__main__\.py)"
            r"|services/registration/personal_data/transit\.py",
            name(file),
        )
    ]
    assert engine
    assert not {(name(file), what) for file in engine for what in imports(file) if f"{what}.".startswith(HTTP)}


@every_service
def test_the_domain_is_pure(service: str) -> None:
    """It imports the standard library, shared.values, shared.errors and its own files."""
    allowed = ("shared.values.", "shared.errors.", f"services.{service}.domain.", *DOMAIN_ALSO_IMPORTS.get(service, ()))
    known = {(name(file), what) for file in part(service, "domain") for what in imports(file)}
    assert not {
        (file, what) for file, what in known if what.split(".")[0] not in sys.stdlib_module_names and not f"{what}.".startswith(allowed)
    }


@every_service
def test_the_domain_reads_no_clock_and_no_randomness(service: str) -> None:
    forbidden = {"now", "today", "utcnow", "random", "uuid4", "new_id", "time"}
    called = {
        f"{name(file)}:{node.lineno} {node.func.attr}"
        for file in part(service, "domain")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in forbidden
    }
    assert not called
