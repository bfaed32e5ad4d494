"""Who runs which file of the suite, when, and on which ports: those that wait beside those that compute, so that no core is idle.

The last process takes files from the end of the order, all others from its beginning.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

ROOT = Path(__file__).parents[2]
# Folders and files that mostly wait, the longest first, and those that mostly compute, the longest last. What is named in neither comes
# between them: short files, so that nobody waits long for the last one.
WAITING = (
    "tests/browser",
    "tests/e2e/test_demo.py",
    "tests/e2e/test_commands.py",
    "tests/e2e",
    "tests/faults/test_sender_kills.py",
    "tests/faults/test_three_brokers.py",
    "tests/faults/test_stack_kills.py",
    "tests/model",
    "tests/faults",
    "tests/integration/test_local_stack.py",
    "tests/integration/test_secured_kafka.py",
    "tests/integration",
)
COMPUTING = (
    "tests/contracts",
    "tests/unit",
    "tests/http/test_registration_import_kills.py",
    "tests/http/test_lists.py",
    "tests/http/test_schemas.py",
    "tests/http/test_hostile.py",
    "tests/fuzz",
)
# Files that share a stack of five services, which takes longer to start than most of them: one process runs them all.
STACK_OF_E2E = ("api_docs", "console", "cut_over", "journey", "merges", "personal_data", "two_processes")
SHARED = {
    "tests/browser": "tests/browser",
    **dict.fromkeys((f"tests/e2e/test_{name}.py" for name in STACK_OF_E2E), "tests/e2e"),
}


def place(path: str) -> int:
    """In the order of the whole suite; `path`: of a file, from the repository's root."""
    for places in (WAITING, COMPUTING):
        for at, prefix in enumerate(places):
            if path.startswith(prefix):
                return at if places is WAITING else len(WAITING) + 1 + at
    return len(WAITING)


class Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """Whole files to each process, in the order of `place`."""

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        return next((shared for prefix, shared in SHARED.items() if path.startswith(prefix)), path)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self.numnodes > 2 and node.gateway.id == f"gw{self.numnodes - 1}":
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def in_order(items: list[pytest.Item]) -> None:
    """Sorts them."""
    items.sort(key=lambda item: place(item.path.relative_to(ROOT).as_posix()))


def own_ports(every: str, worker: int, workers: int) -> str:
    """The worker's part of the ports. Two that choose among the same may choose the same: a port is held only once somebody listens.

    One that takes the place of a worker that has crashed has a higher number. The part after that of the last worker is nobody's.
    """
    return _part(every, worker % workers, workers + 1)


def spare_ports(every: str, workers: int) -> str:
    """What no worker chooses among."""
    return _part(every, workers, workers + 1)


def _part(every: str, part: int, parts: int) -> str:
    first, last = map(int, every.split("-"))
    each = (last + 1 - first) // parts
    own = first + each * part
    return f"{own}-{own + each - 1}"
