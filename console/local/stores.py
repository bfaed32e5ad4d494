"""Kafka and PostgreSQL of a local stack without its services: for what is done to a database while nobody writes to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from console.errors import ConsoleError, NotRunning
from console.local import home as homes
from console.local import kafka as kafka_local
from console.local import postgres, processes, supervisor
from console.local.home import Home
from console.local.processes import Spec


class StillUp(ConsoleError):
    """The service runs, or its relay does."""


@contextmanager
def stores_running(home: Home) -> Iterator[None]:
    """What the stack's services stand on, without them. Raises StillUp where the stack is up."""
    if home.read("plan.json") is None:
        raise NotRunning("no stack here: run laowu up first.")
    lock = homes.take_lock(home)
    if lock is None:
        raise StillUp("the stack is up: run laowu down first.")
    try:
        plan = supervisor.load_plan(home)
        with ExitStack() as running:
            if plan.postgres is not None:
                node = postgres.prepare(plan.postgres.folder, plan.postgres.port, durable=plan.durable)
                postgres.wait_ready(node, _started(running, postgres.spec(node)))
            if plan.kafka is not None:
                kafka_local.wait_ready(plan.kafka, _started(running, kafka_local.spec(plan.kafka)))
            yield
    finally:
        os.close(lock)


def _started(running: ExitStack, spec: Spec) -> subprocess.Popen[bytes]:
    process = processes.spawn(spec)
    running.callback(processes.stop, process, spec)
    return process
