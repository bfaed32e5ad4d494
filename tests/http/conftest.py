"""Services that several files call as the same person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from shared.principals import Role
from tests.conftest import MakeDatabase
from tests.support.http import Client, Start, serving
from tests.support.registration import GANSU, JUNE


@pytest_asyncio.fixture(loop_scope="session")
async def registration(make_database: MakeDatabase) -> AsyncIterator[Client]:
    """The service as a clerk of Gansu sees it, on 1 June 2018."""
    async with serving("registration", await make_database("registration")) as service:
        yield replace(service.speaking_as(Role.CLERK, regions=GANSU), at=JUNE)


@pytest_asyncio.fixture(loop_scope="session")
async def stats(client: Start) -> Client:
    """The service with nothing counted yet."""
    return await client("stats")
