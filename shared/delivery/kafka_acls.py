"""What a service may do on a cluster with an authorizer: the least it works with, as kafka-acls.sh takes it, or given at once.

A service writes its own topics only, reads those and the ones it consumes, and creates none: an administrator does (`laowu kafka topics`).
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from shared.delivery import aiokafka_internals
from shared.delivery.kafka import ERRORS, Unavailable, administering, own_topics, topic_name
from shared.events import TOPICS
from shared.kafka_settings import KafkaSettings

Operation = Literal["Describe", "DescribeConfigs", "Read", "Write"]
# As Kafka's protocol numbers them.
_OPERATIONS: Mapping[Operation, int] = {"Read": 3, "Write": 4, "Describe": 8, "DescribeConfigs": 10}
_RESOURCES = {"topic": 2, "group": 3}
_WHOLE_NAME, _FROM_ANYWHERE, _ALLOW = 3, "*", 3
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Acl:
    """Operations that one principal is allowed on one resource, by its whole name."""

    resource: Literal["topic", "group"]
    name: str  # on the cluster
    operations: tuple[Operation, ...]


def service_acls(settings: KafkaSettings, service: str, consumed: Sequence[str]) -> Iterator[Acl]:
    """consumed: logical names of the topics that the service reads."""
    own = own_topics(service)
    for topic in TOPICS:
        operations: list[Operation] = ["Describe", "DescribeConfigs"]  # at start every topic is checked for settings that lose data
        if topic in own or topic in consumed:
            operations.append("Read")
        if topic in own:
            operations.append("Write")
        yield Acl("topic", topic_name(settings, topic), tuple(operations))
    if consumed:
        yield Acl("group", settings.topic_prefix + service, ("Read",))


def reader_acls(settings: KafkaSettings) -> Iterator[Acl]:
    """Of a tool that only reads the log, such as `laowu audit`: no group, no position is kept."""
    for topic in TOPICS:
        yield Acl("topic", topic_name(settings, topic), ("Describe", "Read"))


def commands(settings: KafkaSettings, principal: str, acls: Iterable[Acl]) -> Iterator[str]:
    """One line for a shell each; ADMIN_PROPERTIES is the administrator's own client configuration."""
    for acl in acls:
        words = ["--add", "--allow-principal", principal, f"--{acl.resource}", acl.name]
        words += [word for operation in acl.operations for word in ("--operation", operation)]
        servers = shlex.quote(settings.kafka_bootstrap_servers)
        yield f'kafka-acls.sh --bootstrap-server {servers} --command-config "$ADMIN_PROPERTIES" {shlex.join(words)}'


async def allow(settings: KafkaSettings, principal: str, acls: Iterable[Acl]) -> int:
    """What the commands do. Those that are there stay; returns how many are given. Raises Unavailable: away, or it refuses."""
    given = 0
    try:
        async with asyncio.timeout(_SECONDS), administering(settings, 10_000) as admin:
            for acl in acls:
                for operation in acl.operations:
                    right = (_WHOLE_NAME, principal, _FROM_ANYWHERE, _OPERATIONS[operation], _ALLOW)
                    answer = await aiokafka_internals.ask(admin, CreateAclsRequest(_RESOURCES[acl.resource], acl.name, *right))
                    for code, message in answer.creation_responses:
                        if code:
                            raise for_code(code)(message)
                    given += 1
    except ERRORS as error:
        raise Unavailable(f"rights could not be given on {settings.kafka_bootstrap_servers}: {error!r}") from error
    return given
