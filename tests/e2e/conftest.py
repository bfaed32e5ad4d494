"""The stack that the end-to-end tests share: one started for them, or the one the environment names."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from console.api_client import ApiClient
from tests.e2e.walk import Walked, walk
from tests.support.journey import RunningStack, local_stack, named_stack


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    named = named_stack()
    if named is not None:
        yield named
        return
    async with local_stack(tmp_path_factory.mktemp("e2e")) as started:
        yield started


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def client(running: RunningStack) -> AsyncIterator[ApiClient]:
    async with running.client() as one:
        yield one


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def walked(client: ApiClient) -> Walked:
    """One journey for all tests that only look at it."""
    return await walk(client)
