"""The order in which the suite runs, and the ports of the processes that run it."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import cast

import pytest

from tests import conftest
from tests.support.scheduling import COMPUTING, ROOT, SHARED, WAITING, own_ports, place, spare_ports


def test_every_folder_and_file_that_is_named_in_the_order_is_there() -> None:
    assert [name for name in (*WAITING, *COMPUTING, *SHARED) if not (ROOT / name).exists()] == []


def test_what_is_named_in_neither_list_comes_between_them() -> None:
    between = place("tests/console/test_forms.py")
    assert place("tests/integration/test_db.py") < between < place("tests/contracts/test_house.py")
    assert place("tests/e2e/test_demo.py") < place("tests/e2e/test_console.py")


def test_no_two_processes_choose_their_ports_among_the_same() -> None:
    assert [own_ports("20000-31999", worker, 3) for worker in range(3)] == ["20000-22999", "23000-25999", "26000-28999"]
    assert own_ports("25000-25999", 1, 2) == "25333-25665"
    assert spare_ports("20000-31999", 3) == "29000-31999"
    assert own_ports("20000-31999", 4, 3) == own_ports("20000-31999", 1, 3)


def test_the_process_that_starts_the_others_leaves_them_all_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """They inherit its environment: had it chosen for itself, all would choose among the same."""
    monkeypatch.setenv("LAOWU_PORTS", "25000-25999")
    conftest.pytest_configure(cast("pytest.Config", SimpleNamespace()))
    assert os.environ["LAOWU_PORTS"] == "25000-25999"
    conftest.pytest_configure(cast("pytest.Config", SimpleNamespace(workerinput={"workerid": "gw1", "workercount": 4})))
    assert os.environ["LAOWU_PORTS"] == "25200-25399"
