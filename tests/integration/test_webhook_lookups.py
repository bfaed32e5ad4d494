"""Names of webhooks whose name servers do not answer: an owner keeps few threads with them, and nobody else waits."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from shared.notifications import webhooks
from shared.principals import Role
from shared.values import EnterpriseId
from tests.http.test_notifications import drawn, publish
from tests.support.http import Client
from tests.support.receivers import ENTERPRISE, Receiver, a_sender, docking, opened, receiver
from tests.support.wait import until

__all__ = ["docking", "receiver"]
_getaddrinfo = socket.getaddrinfo


@dataclass(slots=True)
class NameServers:
    """Those of `slow.example` do not answer until `over` is set; any other name is this machine's. `asked`: for which names."""

    over: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def look_up(self, host: str, port: int, **options: Any) -> Any:
        if host.endswith("slow.example"):
            self.asked.append(host)
            self.over.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return _getaddrinfo("127.0.0.1", port, **options)


@pytest.fixture
def name_servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServers]:
    found = NameServers()
    monkeypatch.setattr(socket, "getaddrinfo", found.look_up)
    yield found
    found.over.set()


async def test_an_owner_whose_name_servers_do_not_answer_holds_up_no_other(
    docking: Client, receiver: Receiver, name_servers: NameServers
) -> None:
    for number in range(17):
        await opened(docking, f"http://{number}.slow.example/hook")
    other = EnterpriseId(UUID(int=42))
    await opened(docking.speaking_as(Role.ENTERPRISE, party=other), receiver.url.replace("127.0.0.1", "well.example"))
    await publish(docking, drawn(ENTERPRISE), drawn(other))
    async with a_sender(docking) as sender:
        assert await sender.round() == 18

        async def arrived() -> bool:
            return len(receiver.received) == 1 and len(name_servers.asked) >= webhooks.LOOKUPS_OF_AN_OWNER

        await until(arrived, seconds=4)
        assert len(name_servers.asked) == webhooks.LOOKUPS_OF_AN_OWNER
        name_servers.over.set()


async def test_a_name_that_took_too_long_is_not_looked_up_again_for_a_minute(
    name_servers: NameServers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webhooks, "LOOKUP_SECONDS", 0.2)
    monkeypatch.setattr(webhooks, "LOOKUPS_OF_AN_OWNER", 1)

    async def error() -> str | None:
        return (await webhooks.post(http, "http://slow.example/hook", b"{}", {}, owner="enterprise:1")).error

    async with webhooks.open_session(local=True) as http:
        assert [await error(), await error()] == ["timeout", "timeout"]
        assert name_servers.asked == ["slow.example"]
        monkeypatch.setattr(webhooks, "UNANSWERED_SECONDS", 0.0)
        name_servers.over.set()
        assert await error() == "name_not_found"
    gc.collect()
    assert "never retrieved" not in caplog.text
