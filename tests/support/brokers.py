"""Three Kafka nodes in one KRaft cluster, each broker and controller; a test stops, kills, freezes and starts them again."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from console.local import kafka as kafka_local
from console.local import processes
from console.local.kafka import Kafka
from tests.support.wait import until

NODES = (1, 2, 3)
CONFIGURATION = """
node.id={node}
controller.quorum.voters={voters}
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
replica.lag.time.max.ms=3000
replica.fetch.wait.max.ms=200
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1500
broker.session.timeout.ms=3000
"""


@dataclass(slots=True)
class Brokers:
    """By node id."""

    nodes: Mapping[int, Kafka]
    running: dict[int, subprocess.Popen[bytes]]

    @property
    def bootstrap(self) -> str:
        return ",".join(node.bootstrap for node in self.nodes.values())

    # --- disturbance ------------------------------------------------------------------------------------------------
    def start(self, node: int) -> None:
        """Returns when it serves."""
        self.running[node] = processes.spawn(kafka_local.spec(self.nodes[node]))
        kafka_local.wait_ready(self.nodes[node], self.running[node])

    def spawn(self, node: int) -> None:
        """Returns at once: one of two that are down is not ready before the other."""
        self.running[node] = processes.spawn(kafka_local.spec(self.nodes[node]))

    def stop(self, node: int) -> None:
        """As a rolling restart does: it hands its leaderships over."""
        processes.stop(self.running[node], kafka_local.spec(self.nodes[node]))

    def kill(self, node: int) -> None:
        self.running[node].kill()
        self.running[node].wait()

    def freeze(self, node: int) -> None:
        """Nobody hears of it, and it hears of nobody: what a cut cable looks like from both sides."""
        os.kill(self.running[node].pid, signal.SIGSTOP)

    def thaw(self, node: int) -> None:
        os.kill(self.running[node].pid, signal.SIGCONT)

    # --- what the cluster says ----------------------------------------------------------------------------------------
    async def leader(self, topic: str, partition: int) -> int:
        """-1 where there is none."""
        return int((await self._described(topic))[partition]["leader"])

    async def replicas(self, topic: str, partition: int) -> list[int]:
        return list((await self._described(topic))[partition]["replicas"])

    async def in_sync(self, topic: str) -> int:
        """Of the partition with fewest, how many replicas."""
        return min(len(part["isr"]) for part in (await self._described(topic)).values())

    async def _described(self, topic: str) -> dict[int, dict[str, Any]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5_000)
        await admin.start()
        try:
            (described,) = await admin.describe_topics([topic])
            return {part["partition"]: part for part in described["partitions"]}
        finally:
            await admin.close()

    async def whole(self, topic: str, seconds: float = 60) -> None:
        """Until every replica of the topic is in sync."""

        async def is_whole() -> bool:
            with suppress(KafkaError, OSError, TimeoutError):
                return all(len(part["isr"]) == len(part["replicas"]) for part in (await self._described(topic)).values())
            return False

        await until(is_whole, seconds, f"all replicas of {topic} in sync")

    async def configure(self, topic: str, settings: Mapping[str, str]) -> None:
        """These settings and no others."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5_000)
        await admin.start()
        try:
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, dict(settings))])
        finally:
            await admin.close()


@contextmanager
def three_brokers(folder: Path) -> Iterator[Brokers]:
    """Ready."""
    free = processes.free_ports(6)
    ports, controllers = free[:3], free[3:]
    voters = ",".join(f"{node}@127.0.0.1:{port}" for node, port in zip(NODES, controllers, strict=True))
    identity = ("-t", kafka_local.new_cluster_id())
    java, jars = kafka_local.find_java(), kafka_local.fetch_jars()
    nodes = {
        node: kafka_local.prepare(
            folder / str(node),
            port,
            controller,
            java=java,
            jars=jars,
            more=CONFIGURATION.format(node=node, voters=voters),
            format_options=identity,
        )
        for node, port, controller in zip(NODES, ports, controllers, strict=True)
    }
    running = {node: processes.spawn(kafka_local.spec(nodes[node])) for node in NODES}
    try:
        for node in NODES:
            kafka_local.wait_ready(nodes[node], running[node])
        yield Brokers(nodes, running)
    finally:
        for node in NODES:
            running[node].kill()
            running[node].wait()
