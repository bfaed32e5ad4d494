"""What the tests of docker-compose.yml share."""

from __future__ import annotations

from tests.contracts.compose import variables, written  # noqa: F401  # fixtures
