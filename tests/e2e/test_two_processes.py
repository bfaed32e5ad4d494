"""Two processes of each service share the work as one consumer group, and one of a pair may be killed under load: nothing is lost or
published twice, figures are those of the log, and meanwhile their topics get twice the partitions."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from console.api_client import ApiClient, wait_until_all_applied
from console.local import processes, stack
from console.local.home import Home
from console.local.processes import Spec
from console.local.stack import Options
from console.services import SERVICES
from tests.e2e.walk import walk
from tests.support import journey, recount
from tests.support.journey import RunningStack
from tests.support.wait import until

PARTNER_HOST = "127.0.0.2"  # with the port of the first process: no other is chosen that somebody else may take
pytestmark = [pytest.mark.timeout(280), pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")]


@contextmanager
def partners(home: Home, folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """A second process of each service, with the settings of the first."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    with ExitStack() as leaving:
        for name in SERVICES:
            variables = stack.environment(home, name, home.read("ports.json"), Options(simulation=True)) | {"HTTP_HOST": PARTNER_HOST}
            spec = Spec(name=name, command=stack.service_command(name), log=folder / f"{name}.log", environment=variables)
            started[name] = processes.spawn(spec)
            leaving.callback(processes.stop, started[name], spec)
        yield started


async def members(kafka: str) -> dict[str, list[int]]:
    """Of every service's group: how many partitions each member reads."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        groups = {name: (await admin.describe_consumer_groups([name]))[0].groups for name in SERVICES}
    finally:
        await admin.close()
    return {name: [partitions(member[4]) for member in group[5] if member[4]] for name, (group,) in groups.items()}


def partitions(assignment: bytes) -> int:
    return sum(len(found) for _, found in ConsumerProtocolMemberAssignment.decode(assignment).assignment)


async def all_shared(kafka: str) -> bool:
    found = await members(kafka)
    return set(found) == set(SERVICES) and all(len(shares) == 2 and min(shares) > 0 for shares in found.values())


async def steps_of(running: RunningStack, service: str) -> int:
    conn = await asyncpg.connect(running.databases[service])
    try:
        return int(await conn.fetchval("SELECT count(*) FROM history"))
    finally:
        await conn.close()


async def laowu(home: Home, *words: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "console", *words]
    own = {**os.environ, "LAOWU_HOME": str(home.folder)}
    ran = await asyncio.to_thread(subprocess.run, command, env=own, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


async def test_two_processes_of_each_service_share_the_work_and_one_of_a_pair_may_be_killed(
    running: RunningStack, client: ApiClient, tmp_path: Path
) -> None:
    home = running.home
    if home is None:
        pytest.skip("the processes are another machine's")
    with partners(home, tmp_path) as second:
        await until(lambda: all_shared(running.kafka), 60, "two members read in every group")
        elsewhere = {name: address.replace("127.0.0.1", PARTNER_HOST) for name, address in client.addresses.items()}
        by_partners = replace(client, addresses=elsewhere | {"training": client.addresses["training"]})
        before = await steps_of(running, "docking")
        walking = asyncio.gather(walk(client), walk(by_partners))
        growing = asyncio.create_task(laowu(home, "partitions", "--to", "12"))

        async def under_way() -> bool:
            if walking.done():
                walking.result()
            return await steps_of(running, "docking") > before + 4

        await until(under_way, 60, "docking has begun")
        os.kill(stack.pids(home)["docking"], signal.SIGKILL)  # it relays: its partner takes over, its supervisor starts another
        second["training"].kill()
        first_walk, second_walk = await walking
        assert "docking: subjects of docking.events are shared out among 12 partitions" in await growing
        await wait_until_all_applied(client)
        log = await recount.recount(running.kafka)
        for topic in recount.TOPICS:
            assert len(log.ids(topic)) == len(set(log.ids(topic))), f"{topic}: an event twice"
        for placement in (first_walk.placement, second_walk.placement):
            assert len([event for event in log.of("docking.Dispatched.v1") if event["subject"] == placement]) == 1
        assert await journey.answered_figures(client) == recount.figures(log.events)
        await journey.require_all_delivered(client, log)
    await until(lambda: stack.all_ready(home), 60, "the first ones are all ready")
