"""What a service may do on a cluster with an authorizer: the least it works with, as kafka-acls.sh takes it.

A service writes its own topics only, reads those and the ones it consumes, and creates none: an administrator does (`laowu kafka topics`).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.delivery.kafka import own_topics, topic_name
from shared.events import TOPICS
from shared.kafka_settings import KafkaSettings

Operation = Literal["Describe", "DescribeConfigs", "Read", "Write"]


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
