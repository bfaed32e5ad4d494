"""A PostgreSQL and a Kafka that outlive a test run, so that a developer's loop starts at once.

`python -m tests.support.dev_stack` starts them if they are not running and prints two export lines; with `stop` it ends them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from console.local import kafka as kafka_local
from console.local import postgres as postgres_local
from console.local import processes
from console.local.processes import Identity

FOLDER = Path(__file__).parents[2] / ".laowu" / "dev"
STATE = FOLDER / "state.json"


def main() -> None:
    known = json.loads(STATE.read_text()) if STATE.exists() else {"processes": [], "exports": {}}
    running = [Identity(**one) for one in known["processes"]]
    if sys.argv[1:] == ["stop"]:
        processes.end(running, seconds=30)
        STATE.unlink(missing_ok=True)
        return
    if not running or not all(map(processes.alive, running)):
        processes.end(running, seconds=30)
        known = start()
        STATE.write_text(json.dumps(known))
    for name, value in known["exports"].items():
        print(f"export {name}={value}")  # noqa: T201  # what it is for


def start() -> dict[str, object]:
    """Both, ready. They stay when this process ends."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    database = postgres_local.prepare(FOLDER / "postgres", processes.free_ports(1)[0], durable=False)
    postgres = processes.spawn(replace(postgres_local.spec(database), orphan_signal=None))
    postgres_local.wait_ready(database, postgres)
    port, controller = processes.free_ports(2)
    node = kafka_local.prepare(FOLDER / "kafka", port, controller, java=kafka_local.find_java(), jars=kafka_local.fetch_jars())
    kafka = processes.spawn(replace(kafka_local.spec(node), orphan_signal=None))
    kafka_local.wait_ready(node, kafka)
    started = [one for one in (processes.identity(process.pid) for process in (postgres, kafka)) if one is not None]
    return {
        "processes": [asdict(one) for one in started],
        "exports": {"LAOWU_TEST_DATABASE_URL": database.url(), "LAOWU_TEST_KAFKA": node.bootstrap},
    }


if __name__ == "__main__":
    main()
