"""A long list is decided in a process of its own: whatever becomes of it, nobody is lost or registered twice, and it outlives nobody."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from services.registration.queries import imports as import_queries
from services.registration.settings import policy
from services.registration.usecases import import_chunks, import_process, imports
from shared.db import Cause, Tx
from shared.sheets.files import Kind
from shared.sheets.findings import Finding
from shared.values import Clock, ImportId
from tests.support.http import Answer, Client, environment
from tests.support.registration import JUNE, a_list_of, as_csv
from tests.support.wait import until

ROWS = 600
CHUNK = 50


def _deciders() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [one for one in children if one.status() != psutil.STATUS_ZOMBIE and import_process.__name__ in one.cmdline()]


@pytest.fixture(autouse=True)
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every list counts as a long one."""
    environment()
    _in_force(monkeypatch)


def _in_force(monkeypatch: pytest.MonkeyPatch, **changes: float) -> None:
    rules = {"registration_import_process_bytes": 0, "registration_import_chunk": CHUNK} | changes
    changed = policy().model_copy(update=rules)
    for module in (import_process, import_chunks, imports):
        monkeypatch.setattr(module, "policy", lambda: changed)


def _act_at(monkeypatch: pytest.MonkeyPatch, chunk: int, act: Callable[[], None]) -> None:
    """While that chunk is entered, the first being 0."""
    insert_findings, entered = import_queries.insert_findings, 0

    async def acting(tx: Tx, import_id: ImportId, findings: Sequence[Finding]) -> None:
        nonlocal entered
        if entered == chunk:
            act()
        entered += 1
        await insert_findings(tx, import_id, findings)

    monkeypatch.setattr(import_queries, "insert_findings", acting)


def _send(sent: signal.Signals) -> None:
    [decider] = _deciders()
    decider.send_signal(sent)


async def _imported(registration: Client) -> Answer:
    return await registration.upload("/imports", as_csv(a_list_of(ROWS)), "text/csv")


async def _numbers(registration: Client) -> dict[str, int]:
    async with registration.database.connection() as conn:
        row = await conn.fetchrow("SELECT count(*) AS workers, count(DISTINCT import_row) AS rows FROM worker")
        assert row is not None
        return dict(row)


async def _require_whole(registration: Client) -> None:
    """Sent again, the list is entered to its end, everybody once."""
    answer = await _imported(registration)
    assert (answer.status, answer.body["state"], answer.body["accepted"]) == (200, "completed", ROWS), answer.body
    assert await _numbers(registration) == {"workers": ROWS, "rows": ROWS}
    names = [type(event.data).__name__ for event in await registration.published()]
    assert (names.count("WorkerRegistered"), names.count("ImportCompleted")) == (ROWS, 1)
    assert not _deciders()


@pytest.mark.parametrize("chunk", [0, 3])
async def test_a_process_that_is_killed_interrupts_the_import_which_goes_on_when_the_list_is_sent_again(
    registration: Client, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    with monkeypatch.context() as patched:
        _act_at(patched, chunk, lambda: _send(signal.SIGKILL))
        answer = await _imported(registration)
    assert (answer.status, answer.code) == (503, "IMPORT_INTERRUPTED")
    assert CHUNK * chunk < (await _numbers(registration))["workers"] < ROWS
    assert not _deciders()
    await _require_whole(registration)


async def test_a_process_that_hangs_interrupts_the_import(registration: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        _in_force(patched, registration_import_seconds=1.0)
        _act_at(patched, 1, lambda: _send(signal.SIGSTOP))
        answer = await _imported(registration)
    assert (answer.status, answer.code) == (503, "IMPORT_INTERRUPTED")
    await _require_whole(registration)


async def test_it_ends_with_an_import_that_is_given_up(registration: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    entering = asyncio.Event()
    _act_at(monkeypatch, 1, entering.set)
    cause = Cause(principal=registration.who, clock=Clock(JUNE))
    importing = asyncio.create_task(imports.import_workers(registration.database, cause, as_csv(a_list_of(ROWS)), Kind.CSV))
    await entering.wait()
    importing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await importing
    assert not _deciders()
    monkeypatch.undo()
    await _require_whole(registration)


async def test_it_ends_with_a_file_that_is_refused(registration: Client) -> None:
    answer = await registration.upload("/imports", b"name,salary\n", "text/csv")
    assert answer.code == "COLUMN_MISSING"
    assert not _deciders()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
async def test_it_ends_with_a_service_that_is_killed(sent: signal.Signals) -> None:
    environment()
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.long_import", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert service.stdout is not None
    try:
        decider = int(await asyncio.wait_for(service.stdout.readline(), 60))
        assert psutil.pid_exists(decider)
    finally:
        service.send_signal(sent)
    await asyncio.wait_for(service.wait(), 60)
    await until(lambda: not psutil.pid_exists(decider) or psutil.Process(decider).status() == psutil.STATUS_ZOMBIE, 30, "it is gone")


async def test_no_more_of_them_run_than_are_allowed_and_further_lists_are_decided_in_a_thread(
    registration: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _in_force(monkeypatch, registration_import_processes=1)
    most = 0

    def look() -> None:
        nonlocal most
        most = max(most, len(_deciders()))

    insert_findings = import_queries.insert_findings

    async def looking(tx: Tx, import_id: ImportId, findings: Sequence[Finding]) -> None:
        look()
        await insert_findings(tx, import_id, findings)

    monkeypatch.setattr(import_queries, "insert_findings", looking)
    lists = [as_csv(a_list_of(ROWS)[start:]) for start in range(3)]
    answers = await asyncio.gather(*(registration.upload("/imports", content, "text/csv") for content in lists))
    assert [answer.body["accepted"] for answer in answers] == [ROWS, ROWS - 1, ROWS - 2]
    assert most == 1
    assert not _deciders()


async def test_it_has_the_keys_of_personal_data_in_its_environment_and_nothing_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    environment()
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:secret@127.0.0.1/registration")
    async with import_process.start_decider(1):
        [decider] = _deciders()
        await until(lambda: "Max address space" in Path(f"/proc/{decider.pid}/limits").read_text(), 10, "it has started")
        variables = decider.environ()
        keys = [os.environ[name] for name in ("REGISTRATION_MASTER_KEY", "REGISTRATION_LOOKUP_KEY")]
        assert set(keys) <= set(variables.values())
        assert "secret" not in str(variables)
        assert not [argument for argument in decider.cmdline() if argument in keys]
