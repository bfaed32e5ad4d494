"""A Chromium and a stack of five services with the console before them, shared by the tests that look at pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from console.api_client import ApiClient
from tests.browser.visiting import CHROMIUM, open_browser
from tests.e2e.walk import Walked, walk
from tests.support.journey import RunningStack, local_stack

HERE = Path(__file__).parent
LEFT_OUT = pytest.StashKey[int]()
WITHOUT = "no Chromium on PATH: apt-get install chromium-headless-shell"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a Chromium everything else runs."""
    if CHROMIUM is not None:
        return
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.skip(reason=WITHOUT))
    config.stash[LEFT_OUT] = len(ours)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"{left_out} browser tests were left out: {WITHOUT}")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    async with local_stack(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def client(running: RunningStack) -> AsyncIterator[ApiClient]:
    async with running.client() as one:
        yield one


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def populated(client: ApiClient) -> Walked:
    """Somebody has gone the whole way, so that every list has a row."""
    return await walk(client)


@pytest.fixture(scope="package")
def console(running: RunningStack) -> str:
    """Where the console is reached."""
    return running.console
