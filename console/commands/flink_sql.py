"""`laowu flink-sql`: the table of measures as a job for a Flink cluster."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from console.commands.flink_job import Job, NoCells, compile_job
from console.errors import ConsoleError


class NotCompiled(ConsoleError):
    """A measure that no cell holds."""


def flink_sql(
    *,
    measure: Annotated[list[str] | None, typer.Option(help="only this one; may be given several times")] = None,
    kafka: Annotated[str | None, typer.Option(help="bootstrap servers; else KAFKA_BOOTSTRAP_SERVERS")] = None,
    bounded: Annotated[bool, typer.Option("--bounded", help="count what the log holds now and end, in batch mode")] = False,
) -> None:
    """Print the table of measures as a job for Apache Flink, which counts the same cells into a topic.

    Every stored measure is in it. What is computed when it is asked for, such as stock, is refused with the reason.
    """
    bootstrap = kafka or os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or "localhost:9092"
    try:
        print(compile_job(Job(bootstrap, os.environ.get("TOPIC_PREFIX", ""), bounded), measure or ()), end="")
    except NoCells as error:
        raise NotCompiled(str(error)) from None
