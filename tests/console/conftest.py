"""The console as a clerk of Gansu sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest_asyncio

from shared.principals import Role
from tests.conftest import MakeDatabase
from tests.support.console import ConsoleVisitor, RunningConsole, console_before
from tests.support.http import Client, serving
from tests.support.registration import GANSU


@dataclass(frozen=True, slots=True, kw_only=True)
class CountyOffice:
    """Registration, and the console before it."""

    registration: Client
    console: RunningConsole
    clerk: ConsoleVisitor

    async def somebody(self, role: Role, subject: str = "other") -> ConsoleVisitor:
        return await self.console.visitor(role, regions=GANSU, subject=subject)


@pytest_asyncio.fixture(loop_scope="session")
async def office(make_database: MakeDatabase) -> AsyncIterator[CountyOffice]:
    async with serving("registration", await make_database("registration")) as service:
        registration = replace(service.speaking_as(Role.CLERK, regions=GANSU))
        async with console_before(registration=registration) as console:
            clerk = await console.visitor(Role.CLERK, regions=GANSU)
            yield CountyOffice(registration=registration, console=console, clerk=clerk)
