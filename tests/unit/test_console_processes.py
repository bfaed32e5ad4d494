"""Processes the console starts: stopped within a bound, recognised again, gone with their starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.local import processes
from console.local.processes import Identity, Spec
from tests.support.wait import until

DEAF = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def deaf(tmp_path: Path) -> Spec:
    """A process that does not listen to SIGTERM."""
    return Spec(name="deaf", command=[sys.executable, "-c", DEAF], log=tmp_path / "deaf.log", stop_seconds=0.2)


async def test_a_process_that_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    spec = deaf(tmp_path)
    process = processes.spawn(spec)
    await until(spec.log.read_text, what="the process runs")
    assert not processes.stop(process, spec)
    assert process.returncode == -signal.SIGKILL
    assert processes.stop(process, spec)  # again: nothing to do


async def test_a_child_does_not_outlive_a_starter_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    starter = (
        "import sys, signal; from pathlib import Path; from console.local import processes; "
        f"processes.spawn(processes.Spec(name='child', command=[sys.executable, '-c', 'import os, signal; print(os.getpid(), flush=True);"
        f" signal.pause()'], log=Path({str(log)!r}))); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", starter]) as process:  # noqa: ASYNC220  # returns at once
        await until(lambda: log.exists() and log.read_text(), what="the child runs")
        child = processes.identity(int(log.read_text()))
        assert child is not None
        process.kill()
    await until(lambda: not processes.alive(child), what="the child is gone")


def test_a_pid_used_again_is_another_process() -> None:
    me = processes.identity(os.getpid())
    assert me is not None
    assert processes.alive(me)
    assert not processes.alive(Identity(me.pid, me.started - 60))


def test_ports_chosen_together_differ_and_are_free() -> None:
    chosen = processes.free_ports(20)
    assert len(set(chosen)) == 20
    assert all(map(processes.is_free, chosen))
    assert not set(processes.free_ports(20, apart_from=chosen)) & set(chosen)


def test_ports_are_chosen_among_those_that_were_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAOWU_PORTS", "31990-31999")
    assert set(processes.free_ports(3)) <= set(range(31_990, 32_000))


def test_a_long_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT", 3)
    spec = Spec(name="echo", command=[sys.executable, "-c", "print('new')"], log=tmp_path / "echo.log")
    spec.log.write_text("long ago\n")
    processes.spawn(spec).wait()
    assert spec.log.read_text() == "new\n"
    assert spec.log.with_suffix(".old").read_text() == "long ago\n"
