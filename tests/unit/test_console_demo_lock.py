"""One demo at a time in a folder, and what the other commands do meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.__main__ import app
from console.errors import DemoPlaying
from console.local import demo_lock, stack
from console.local.home import Home
from console.services import SERVICES
from tests.support.wait import until

PLAY = """
import signal, sys
from pathlib import Path
from console.local import demo_lock
from console.local.home import Home
from console.services import SERVICES
with demo_lock.playing(Home(Path(sys.argv[1]))):
    print("playing", flush=True)
    signal.pause()
"""


def test_field_case_f24_a_second_demo_is_told_who_plays_and_since_when(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    with (
        demo_lock.playing(home),
        pytest.raises(DemoPlaying, match=rf"^a demo plays here \(pid {os.getpid()}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\): "),
        demo_lock.playing(home),
    ):
        pass
    with demo_lock.playing(home):
        assert demo_lock.is_playing(home)
    assert not demo_lock.is_playing(home)


async def test_field_case_f24_a_demo_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with subprocess.Popen([sys.executable, "-c", PLAY, str(tmp_path)], stdout=subprocess.PIPE) as demo:  # noqa: ASYNC220
        await until(lambda: demo_lock.is_playing(home), what="the demo plays")
        demo.send_signal(signal.SIGKILL)
        demo.wait()
    assert not demo_lock.is_playing(home)
    demo_lock.require_no_demo(home)


@pytest.mark.parametrize("words", ["demo", "up", "down"])
def test_field_case_f24_what_would_disturb_a_demo_is_refused(tmp_path: Path, words: str) -> None:
    with demo_lock.playing(Home(tmp_path)):
        before = sorted(path.name for path in tmp_path.iterdir())
        ran = CliRunner().invoke(app, [words], env={"LAOWU_HOME": str(tmp_path)})
        assert isinstance(ran.exception, DemoPlaying)
        assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_field_case_f24_no_command_starts_the_stack_that_a_demo_is_about_to_start(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write("ports.json", dict.fromkeys(SERVICES, 1))
    with demo_lock.playing(home), pytest.raises(DemoPlaying), stack.running(home, print):
        pass
