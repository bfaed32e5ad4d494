"""What most of these tests count into."""

from __future__ import annotations

import pytest_asyncio

from shared.db import Database
from tests.conftest import MakeDatabase


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase) -> Database:
    """An empty database of stats. Files about another service, or that need events in it, have one of their own under this name."""
    return await make_database("stats")
