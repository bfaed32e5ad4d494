"""`laowu kafka topics|acls`: what an administrator of a cluster does once, so that the services need not be allowed to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Annotated

import typer

from console.commands.terminal import message
from console.errors import ConsoleError
from console.services import SERVICES
from shared.delivery import kafka, kafka_acls
from shared.events import TOPICS
from shared.kafka_settings import KafkaSettings
from shared.settings import WRONG, wrong

app = typer.Typer(no_args_is_help=True, help="What an administrator of a Kafka cluster does before the services start.")


class WrongSettings(ConsoleError):
    """A KAFKA_ or TOPIC_ variable is missing or wrong."""


class NotCreated(ConsoleError):
    """The cluster does not answer, refuses, or has topics that would lose data."""


class NotAllowed(ConsoleError):
    """The cluster does not answer, or lets this principal give no rights."""


def cluster_settings(bootstrap: str | None = None) -> KafkaSettings:
    """From the environment; `bootstrap` instead of KAFKA_BOOTSTRAP_SERVERS. Raises WrongSettings."""
    try:
        return KafkaSettings() if bootstrap is None else KafkaSettings(kafka_bootstrap_servers=bootstrap)
    except WRONG as error:
        raise WrongSettings("; ".join(wrong(error))) from None


@app.command()
def topics() -> None:
    """Create the topics that are missing on KAFKA_BOOTSTRAP_SERVERS, and check those that are there."""
    settings = cluster_settings()
    try:
        asyncio.run(kafka.create_topics(settings))
    except (kafka.Unavailable, kafka.TopicLosesData) as error:
        raise NotCreated(str(error)) from None
    message(f"{len(TOPICS)} topics are there and keep what they hold")


@app.command()
def acls(
    principal: Annotated[str, typer.Option(help="who a service is on the cluster; {service} stands for its name")] = "User:{service}",
    reader: Annotated[str, typer.Option(help="who reads the log for audits and `laowu watch`")] = "User:auditor",
    *,
    apply: Annotated[bool, typer.Option("--apply", help="give the rights, as whoever the KAFKA_ variables name")] = False,
) -> None:
    """Print the least that each service must be allowed, as commands for Kafka's kafka-acls.sh; or give it."""
    settings = cluster_settings()
    if apply:
        _give(settings, principal, reader)
        return
    for service in SERVICES:
        print(f"# {service}")
        subprocess.run([sys.executable, "-m", f"services.{service}", "acls", principal.format(service=service)], check=True)
    print("# who only reads")
    for line in kafka_acls.commands(settings, reader, kafka_acls.reader_acls(settings)):
        print(line)


def _give(settings: KafkaSettings, principal: str, reader: str) -> None:
    for service in SERVICES:
        command = [sys.executable, "-m", f"services.{service}", "acls", principal.format(service=service), "--apply"]
        if subprocess.run(command, check=False).returncode:
            raise NotAllowed(f"the rights of {service} were not given; nothing is lost by repeating the command")
    try:
        given = asyncio.run(kafka_acls.allow(settings, reader, kafka_acls.reader_acls(settings)))
    except kafka.Unavailable as error:
        raise NotAllowed(str(error)) from None
    message(f"{reader}, who only reads, has its {given} rights")
