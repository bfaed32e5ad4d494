"""`laowu demo` as it is typed: after Ctrl-C, while it plays, and what its stack answers afterwards; every example of the README."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from console.demo.simulation import YEARS, plan
from console.local import demo_lock, stack
from console.local.home import Home
from tests.support import recount
from tests.support.wait import until

pytestmark = pytest.mark.timeout(600)  # a demo is played, and more than thirty commands typed
README = Path(__file__).parents[2] / "README.md"
SEED, SCALE = 7, 8000
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ONE_LINE = re.compile(r"laowu: a demo plays here \(pid (\d+), since [\d-]+ [\d:]+\): wait for its end, or end it with Ctrl-C\.")
DETAIL = "field wage.minor: Input should be less than or equal to 9007199254740991, was 900719925474099123"
PARK = """
INSERT INTO dead_letter (topic, partition, "offset", sequence, key, value, headers, reason, detail, subject, blocks)
VALUES ('docking.events', 0, 123456789012, '9.9', 'k1', '?', '[]', 'undecodable', $1, 'k1', false)
"""
UNPARK = "DELETE FROM dead_letter WHERE key = 'k1'"
# Words -> exit status. The demo has left its stack up, for a simulation, and the answer of `up` names that.
AFTER_CTRL_C = {("audit",): 0, ("rebuild",): 0, ("up",): 3, ("up", "--simulation"): 0, ("down",): 0}


@dataclass(slots=True)
class Demo:
    """A folder in which demos are played, and what commands answered there."""

    home: Home
    interrupted: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)  # by moment
    after_ctrl_c: dict[tuple[str, ...], subprocess.CompletedProcess[str]] = field(default_factory=dict)
    while_playing: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "COLUMNS"}}
        return kept | {"LAOWU_HOME": str(self.home.folder)}

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "console", *words]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """The command; it has ended on leaving."""
        process = self.start(*words)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    async def laowu(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command as it is typed, its answer piped."""
        started = self.start(*words)
        output, errors = await asyncio.to_thread(started.communicate, timeout=180)
        return subprocess.CompletedProcess(words, started.returncode, output, errors)

    async def in_terminal(self, columns: int, *words: str) -> str:
        """What a terminal of that width shows of the command's answer."""
        return await asyncio.to_thread(self._in_terminal, columns, [sys.executable, "-m", "console", *words])

    def _in_terminal(self, columns: int, command: list[str]) -> str:
        keyboard, screen = pty.openpty()
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environment = self.environment | {"TERM": "xterm"}
        try:
            with subprocess.Popen(command, env=environment, stdout=screen, stderr=subprocess.DEVNULL):
                os.close(screen)
                return COLOURS.sub("", read_to_end(keyboard))
        finally:
            os.close(keyboard)

    async def execute(self, statement: str, *values: Any) -> None:
        conn = await asyncpg.connect(stack.database_url("stats", self.home))
        try:
            await conn.execute(statement, *values)
        finally:
            await conn.close()


def read_to_end(file: int) -> str:
    found = b""
    while True:
        try:
            more = os.read(file, 65536)
        except OSError:  # the other end is closed
            more = b""
        if not more:
            return found.decode()
        found += more


async def plays(demo: Demo, process: subprocess.Popen[str]) -> None:
    """Until the demo is in the middle of its programme."""
    await until(lambda: process.poll() is not None or demo_lock.is_playing(demo.home), 60, "the demo has begun")
    await until(lambda: process.poll() is not None or stack.all_ready(demo.home), 90, "the stack of the demo is ready")
    assert process.poll() is None, process.communicate()


def log_bytes(demo: Demo) -> int:
    """Of what docking has published."""
    return sum(segment.stat().st_size for segment in demo.home.file("kafka").glob("log/docking.events-*/*.log"))


async def interrupt(demo: Demo, process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """By Ctrl-C."""
    process.send_signal(signal.SIGINT)
    output, errors = await asyncio.to_thread(process.communicate, timeout=60)
    assert not demo_lock.is_playing(demo.home)
    return subprocess.CompletedProcess("demo", process.returncode, output, errors)


async def interrupt_two(demo: Demo) -> None:
    """One as its stack starts; one in its middle, after which everything is typed that somebody may type then."""
    with demo.started("demo", "--seed", "2", "--scale", "5000") as process:
        await until(lambda: process.poll() is not None or stack.pids(demo.home), 60, "the stack of the demo starts")
        demo.interrupted["as its stack starts"] = await interrupt(demo, process)
    assert not stack.is_up(demo.home)
    with demo.started("demo", "--seed", "3", "--scale", "5000", "--keep") as process:
        await plays(demo, process)
        await until(lambda: log_bytes(demo) > 100_000, 60, "the demo has published")
        demo.interrupted["in its middle"] = await interrupt(demo, process)
    for words in AFTER_CTRL_C:
        demo.after_ctrl_c[words] = await demo.laowu(*words)
    assert not stack.is_up(demo.home)


async def play_one(demo: Demo) -> None:
    """To its end, while other commands are typed; its stack stays up."""
    with demo.started("demo", "--seed", str(SEED), "--scale", str(SCALE), "--keep") as process:
        await plays(demo, process)
        for words in (("demo", "--seed", "4"), ("up",), ("down",), ("audit",), ("rebuild",)):
            assert process.poll() is None, "the demo ended before every command was typed: choose another scale"
            demo.while_playing[words[0]] = await demo.laowu(*words)
        output, errors = await asyncio.to_thread(process.communicate, timeout=200)
        demo.while_playing["the demo"] = subprocess.CompletedProcess("demo", process.returncode, output, errors)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """Where two demos were interrupted, and a third was played to its end."""
    demo = Demo(Home(tmp_path_factory.mktemp("demo") / "home"))
    try:
        await interrupt_two(demo)
        await play_one(demo)
        yield demo
    finally:
        await asyncio.to_thread(stack.down, demo.home)


# --- after Ctrl-C -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("moment", ["as its stack starts", "in its middle"])
async def test_field_case_f24_ctrl_c_ends_a_demo_in_good_order(played: Demo, moment: str) -> None:
    ended = played.interrupted[moment]
    assert (ended.returncode, "Traceback" in ended.stderr) == (130, False), ended


@pytest.mark.parametrize("words", AFTER_CTRL_C, ids=" ".join)
async def test_field_case_f24_after_ctrl_c_in_the_middle_of_a_demo_every_command_works(played: Demo, words: tuple[str, ...]) -> None:
    """And so does another demo, whose figures are right: the tests below."""
    answered = played.after_ctrl_c[words]
    assert (answered.returncode, "Traceback" in answered.stderr) == (AFTER_CTRL_C[words], False), answered


# --- while a demo plays -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["demo", "up", "down"])
async def test_field_case_f24_a_second_demo_and_what_would_disturb_the_first_say_one_line(played: Demo, words: str) -> None:
    answered = played.while_playing[words]
    assert (answered.returncode, answered.stdout) == (1, ""), answered
    assert ONE_LINE.fullmatch(answered.stderr.strip()), answered.stderr


async def test_field_case_f24_a_rebuild_says_the_same_line_and_that_it_could_not_be_done(played: Demo) -> None:
    answered = played.while_playing["rebuild"]
    assert (answered.returncode, answered.stdout) == (2, ""), answered
    assert ONE_LINE.fullmatch(answered.stderr.strip().replace("laowu rebuild: ", "laowu: ")), answered.stderr


async def test_field_case_f24_an_audit_only_reads_and_is_equal_while_a_demo_plays(played: Demo) -> None:
    answered = played.while_playing["audit"]
    assert answered.returncode == 0, answered
    assert "equal" in answered.stdout


async def test_field_case_f24_the_first_demo_is_untouched(played: Demo) -> None:
    first = played.while_playing["the demo"]
    assert first.returncode == 0, first
    assert f"Simulated, seed {SEED}." in first.stdout
    counting = [one for one in plan(SEED, SCALE).voyages if not one.adopted and not one.voided]
    planned = {str(year): sum(one.departed_on.year == year for one in counting) for year in YEARS}
    report = json.loads((await played.laowu("report", "--json")).stdout)
    audit = await played.laowu("audit", "--strict")
    seen = f"{audit.stdout}\nThe demo's own report, while rebuild and audit had run:\n{first.stdout}"
    assert {year: row["dispatches"] for year, row in report["years"].items()} == planned, seen
    assert audit.returncode == 0, seen


async def test_a_demo_ends_with_the_address_of_the_screens(played: Demo) -> None:
    assert (
        played.while_playing["the demo"].stderr.splitlines()[-1] == f"Screens in a browser, by role: {stack.console_address(played.home)}"
    )


# --- terminals ----------------------------------------------------------------------------------------------------------
def figures(shown: str) -> set[str]:
    """Every number, with its digits grouped as they are shown."""
    return set(re.findall(r"\d[\d,]*(?:\.\d+)?", shown))


@pytest.mark.parametrize(
    "words",
    [
        ("report",),
        ("deadletters", "list"),
        ("why", "dispatches", "--period", "2018", "--province", "370000"),
        ("audit",),
        ("watch", "--once", "--key", "dispatches"),
        ("status",),
    ],
    ids=" ".join,
)
async def test_field_case_f11_no_figure_is_cut_off_in_a_terminal_of_40_columns(played: Demo, words: tuple[str, ...]) -> None:
    if words[0] == "deadletters":
        await played.execute(PARK, DETAIL)
    try:
        piped = (await played.laowu(*words)).stdout
        shown = await played.in_terminal(40, *words)
    finally:
        await played.execute(UNPARK)
    kept = piped.split("Complete through", 1)[0]  # after it: how far behind, which is another number at another moment
    joined = re.sub(r"\s", "", shown)  # a word that is longer than a line goes on in the next
    assert figures(kept)
    assert not {figure for figure in figures(kept) if figure not in joined}, shown
    assert "…" not in piped + shown


# --- the README ---------------------------------------------------------------------------------------------------------
def examples() -> list[str]:
    """Every command of an indented block of the README, without its comment."""
    lines = (line for line in README.read_text().splitlines() if line.startswith("    laowu "))
    return [shlex.join(shlex.split(line, comments=True)) for line in lines]


def test_field_case_f26_the_examples_of_the_readme_can_be_typed_as_they_stand() -> None:
    assert len(examples()) >= 10
    unusable = [line for line in examples() if any(word in {"|", "..."} or word.startswith("[") for word in shlex.split(line))]
    assert not unusable, "one command a line, without alternatives or optional parts"


async def a_certificate(demo: Demo) -> tuple[str, date]:
    """That docking gave, and a day on which it is valid."""
    log = await recount.recount(stack.kafka_bootstrap(demo.home))
    granted = next(event["data"] for event in log.of("docking.ClearanceGranted.v1"))
    return granted["certificate"], date.fromisoformat(granted["valid_to"])


@pytest.mark.parametrize("line", examples())
async def test_field_case_f26_every_example_of_the_readme_gives_something(played: Demo, line: str, tmp_path: Path) -> None:
    words = ["docking" if word == "SERVICE" else word for word in shlex.split(line)[1:]]
    match words[0]:
        case "demo":  # plays anew for minutes, as the fixture has done: its options are known
            known = (await played.laowu("demo", "--help")).stdout
            assert all(word in known for word in words if word.startswith("--"))
            return
        case "up" | "down" | "restore":  # at the end of this file; integration/test_backups.py
            return
        case "backup":
            words[1] = str(tmp_path / words[1])
        case "audit" if "--pdf" in words:
            at = words.index("--pdf") + 1
            words[at] = str(tmp_path / words[at])
        case "verify":
            certificate, valid_on = await a_certificate(played)
            words = ["verify", certificate, "--on", valid_on.isoformat()]
        case "watch":
            words.append("--once")
        case "logs":
            words = [word for word in words if word != "-f"]
    answered = await played.laowu(*words)
    explained_only = 2 if words[0] == "relay" and "--yes" not in words else 0
    assert answered.returncode == explained_only, answered
    assert (answered.stderr if words[0] in {"backup", "lock-token"} else answered.stdout).strip() or explained_only, answered
    if words[0] == "why" and "--json" not in words:
        verdicts = [shown for shown in answered.stdout.splitlines() if shown.startswith("equal: ")]
        assert verdicts
        assert not [verdict for verdict in verdicts if verdict.startswith("equal: 0 ")], answered.stdout
