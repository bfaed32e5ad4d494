"""What auditors and operators type, against a stack of their own: exit statuses, and what is named."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from console.api_client import ApiClient, wait_until_all_applied
from console.local import stack
from shared.principals import Role
from tests.e2e.walk import Walked, walk
from tests.support.journey import POOR_COUNTY, RunningStack, local_stack
from tests.support.papers import read_paper
from tests.support.terminal import Terminal, in_terminal

pytestmark = pytest.mark.timeout(280)
PARK = """
INSERT INTO dead_letter (topic, partition, "offset", sequence, key, value, headers, reason, detail, subject, blocks)
VALUES ('docking.events', 0, $1, '9.9', 'k1', '?', '[]', $2, 'put there by a test', 'k1', true)
"""


@dataclass(frozen=True, slots=True)
class WalkedStack:
    """A running stack that one worker has walked through."""

    running: RunningStack
    walked: Walked

    @property
    def environment(self) -> dict[str, str]:
        assert self.running.home is not None
        kept = {name: value for name, value in os.environ.items() if name not in {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"}}
        return {**kept, "LAOWU_HOME": str(self.running.home.folder)}

    async def laowu(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command as it is typed."""
        command = [sys.executable, "-m", "console", *words]
        return await asyncio.to_thread(
            subprocess.run, command, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def watching(self, *words: str, **variables: str) -> AbstractAsyncContextManager[Terminal]:
        """`laowu watch` in a terminal of 80 columns and 24 lines."""
        own = {name: value for name, value in self.environment.items() if name not in {"LANG", "LC_ALL", "LC_MESSAGES", "NO_COLOR"}}
        return in_terminal([sys.executable, "-m", "console", "watch", *words], own | {"TERM": "xterm-256color"} | variables)

    async def execute(self, statement: str, *values: Any) -> None:
        conn = await asyncpg.connect(self.running.databases["stats"])
        try:
            await conn.execute(statement, *values)
        finally:
            await conn.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def walked_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WalkedStack]:
    async with local_stack(tmp_path_factory.mktemp("commands")) as running, running.client() as client:
        yield WalkedStack(running, await walk(client))


async def test_an_audit_is_equal_until_a_cell_is_tampered_with(walked_stack: WalkedStack, tmp_path: Path) -> None:
    report = tmp_path / "audit.pdf"
    clean = await walked_stack.laowu("audit", "--strict", "--json", "--pdf", str(report), "--language", "en")
    found = json.loads(clean.stdout)
    paper = read_paper(report.read_bytes())
    assert paper.shows("Every figure is equal to a recount of the log.")
    assert paper.shows(found["fingerprint"])
    assert all(paper.shows(one["stored"]) for one in found["digests"].values())
    assert sum(upto for partition, upto in found["positions"].items() if partition.startswith("docking.events/")) > 0
    unwritable = await walked_stack.laowu("audit", "--pdf", str(tmp_path / "none" / "audit.pdf"))
    assert (unwritable.returncode, "No such file" in unwritable.stderr) == (1, True)
    assert (clean.returncode, found["equal"], found["clean"], found["contradictions"]) == (0, True, True, []), clean.stderr
    assert found["events"] > 10
    await walked_stack.execute("UPDATE block SET value[1] = value[1] + 1 WHERE cut = 2 AND measure = 6")
    tampered = await walked_stack.laowu("audit", "--processes", "2")
    assert tampered.returncode == 1
    assert (
        f"differs: dispatches | province x destination | 620000 | {walked_stack.walked.venture.destination} | 2019-03-04" in tampered.stdout
    )
    assert "DIFFERENT province x destination" in tampered.stdout


async def test_a_rebuild_is_refused_where_cells_differ_and_mends_them_once_accepted(walked_stack: WalkedStack) -> None:
    refused = await walked_stack.laowu("rebuild", "--json")
    found = json.loads(refused.stdout)
    assert (refused.returncode, found["swapped"], len(found["differing"])) == (1, False, 1), refused.stderr
    assert found["differing"][0]["cell"].startswith(
        f"dispatches | province x destination | 620000 | {walked_stack.walked.venture.destination}"
    )
    accepted = await walked_stack.laowu("rebuild", "--accept", "--processes", "2")
    assert (accepted.returncode, "swapped in" in accepted.stdout) == (0, True), accepted.stderr
    assert (await walked_stack.laowu("audit")).returncode == 0
    assert (await walked_stack.laowu("rebuild")).returncode == 0


async def test_why_names_the_event_behind_a_figure_by_measure_and_by_key(walked_stack: WalkedStack) -> None:
    asked = ("dispatches", "--period", "2019", "--county", POOR_COUNTY, "--destination", walked_stack.walked.venture.destination)
    refused = await walked_stack.laowu("why", *asked)
    assert (refused.returncode, "is not counted by" in refused.stderr) == (2, True)  # no cut has county and destination together
    for words in (("dispatches", "--period", "2019", "--county", POOR_COUNTY), ("dispatches|nation:CN|2019",)):
        answered = await walked_stack.laowu("why", *words, "--json")
        (figure,) = json.loads(answered.stdout)
        assert (answered.returncode, figure["explained"], figure["answer"]) == (0, True, {"": 1}), answered.stderr
        (event,) = figure["events"]
        assert (event["subject"], event["day"], event["total"]) == (walked_stack.walked.placement, "2019-03-04", 1)
    lines = (await walked_stack.laowu("why", "dispatches", "--period", "2019", "--as-known-at", "2019-03-03")).stdout
    assert lines.splitlines()[-1] == "equal: 0 by 0 entries of the log, 0 as the API answers"
    for wrong in (("dispatches", "--county", "x"), ("a|b|c",), ("dispatches|nation:CN|2019", "--basis", "ever_listed")):
        assert (await walked_stack.laowu("why", *wrong)).returncode == 2, wrong


def in_one_line(framed: str) -> str:
    """What an error panel says."""
    return " ".join(framed.replace("│", " ").split())


@pytest.mark.parametrize(
    ("option", "code", "nearest"),
    [
        ("county", "622427", "622901 临夏市, 622921 临夏县"),
        ("county", "370000", "370102"),  # a province is no county
        ("province", "660000", "650000 Xinjiang"),
        ("destination", "JPX", "JPN Japan"),
        ("occupation", "7118", "7119"),
        ("enterprise", "00000000-0000-4000-8000-000000000000", ""),
    ],
)
async def test_field_case_f26_a_code_that_no_list_knows_is_unknown_and_not_nought(
    walked_stack: WalkedStack, option: str, code: str, nearest: str
) -> None:
    asked = await walked_stack.laowu("why", "dispatches", "--period", "2018", f"--{option}", code)
    answered = in_one_line(asked.stderr)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert f"{option} {code} is unknown: no list has this code" in answered
    assert nearest in answered


async def test_field_case_f26_a_code_of_a_list_that_nothing_was_counted_by_is_a_figure_of_nought(walked_stack: WalkedStack) -> None:
    for option, code in (("county", "622921"), ("province", "650000"), ("destination", "JPN"), ("occupation", "2111")):
        asked = await walked_stack.laowu("why", "dispatches", "--period", "2017", f"--{option}", code)
        assert (asked.returncode, asked.stdout.splitlines()[-1]) == (0, "equal: 0 by 0 entries of the log, 0 as the API answers"), asked


async def test_why_reads_a_figure_by_the_basis_and_the_scheme_it_is_asked_for(walked_stack: WalkedStack) -> None:
    asked = ("dispatches", "--period", "2019", "--listed", "national", "--region", "west")
    read = await walked_stack.laowu("why", *asked, "--basis", "listed_on_day", "--scheme", "nbs4")
    title, event, verdict = read.stdout.splitlines()
    assert (read.returncode, title) == (0, "dispatches 2019, region west, listed national, basis listed_on_day, scheme nbs4"), read.stderr
    assert (walked_stack.walked.placement in event, verdict) == (True, "equal: 1 by 1 entries of the log, 1 as the API answers")
    for option, known in (("--basis", "listed_at_departure"), ("--scheme", "poverty22")):
        refused = await walked_stack.laowu("why", *asked, option, "x")
        assert (refused.returncode, option in refused.stderr, known in refused.stderr) == (2, True, True), refused.stderr


async def test_dead_letters_are_listed_previewed_and_decided(walked_stack: WalkedStack) -> None:
    for offset, reason in ((10**9, "undecodable"), (10**9 + 1, "behind")):
        await walked_stack.execute(PARK, offset, reason)
    listed = json.loads((await walked_stack.laowu("deadletters", "list", "--json")).stdout)
    first, second = (str(letter["id"]) for letter in listed)
    shown = (await walked_stack.laowu("deadletters", "show", first)).stdout
    assert ("value_text   ?" in shown, "behind       1" in shown) == (True, True), shown
    seen = await walked_stack.laowu("deadletters", "preview", first)
    assert (seen.returncode, "would stay parked: undecodable" in seen.stdout) == (1, True), seen.stdout + seen.stderr
    behind = await walked_stack.laowu("deadletters", "redrive", second)
    assert (behind.returncode, "BEHIND_ANOTHER" in behind.stderr) == (1, True)
    again = await walked_stack.laowu("deadletters", "redrive", first)
    assert (again.returncode, "2 of these subjects left parked" in again.stdout) == (1, True)
    assert (await walked_stack.laowu("deadletters", "discard", first, second)).returncode == 2  # without a reason
    assert (await walked_stack.laowu("deadletters", "discard", first, second, "--why", "put there by a test")).returncode == 0
    assert "no dead letters of stats" in (await walked_stack.laowu("deadletters", "list")).stdout
    assert (await walked_stack.laowu("audit")).returncode == 0


async def test_the_certificate_that_docking_gave_is_verified(walked_stack: WalkedStack) -> None:
    token = str(walked_stack.walked.cleared["clearance"])
    valid = await walked_stack.laowu("verify", token, "--on", "2019-03-04", "--json")
    assert (valid.returncode, json.loads(valid.stdout)["worker"]) == (0, walked_stack.walked.worker)
    assert (await walked_stack.laowu("verify", token)).returncode == 1  # it has ended since


async def publish(client: ApiClient) -> None:
    """In a simulation stats publishes when it is asked to."""
    await client.as_role(Role.OPERATOR).post("stats", "/sweep", None, secrets.token_hex(4))


async def test_a_board_in_a_terminal_shows_a_departure_as_soon_as_it_is_counted(walked_stack: WalkedStack) -> None:
    async with walked_stack.running.client() as client, walked_stack.watching() as terminal:
        dispatches = (await client.as_role(Role.AUDITOR).get("stats", "/report"))["total"]["dispatches"]
        await terminal.until_drawn(f"{dispatches} of 1,800,000", seconds=40)
        await walk(client)
        await publish(client)
        await terminal.until_drawn(f"{dispatches + 1} of 1,800,000")
        mark = len(terminal.drawn)
        terminal.resize(200, 60)
        await terminal.until_drawn("Foreign labour service cooperation", mark)
        mark = len(terminal.drawn)
        terminal.resize(80, 24)
        terminal.press("<")
        await terminal.until_drawn("[2019]", mark)
        terminal.press("q")
        assert await terminal.ended() == 0
        assert b"\x1b[?1049l" in terminal.drawn  # the screen that was there before is back


@pytest.mark.parametrize(("language", "words"), [("zh_CN.UTF-8", "1 目标"), ("ja_JP.UTF-8", "1 目標"), ("C.UTF-8", "1 Targets")])
async def test_a_board_speaks_the_language_of_its_terminal_and_ends_on_ctrl_c(walked_stack: WalkedStack, language: str, words: str) -> None:
    async with walked_stack.watching(LANG=language, NO_COLOR="1") as terminal:
        await terminal.until_drawn(words, seconds=40)
        terminal.press("\x03")
        assert await terminal.ended() == 0


async def test_a_board_is_lines_where_it_is_asked_to_be_plain_or_no_terminal_is_there(walked_stack: WalkedStack) -> None:
    async with walked_stack.running.client() as client, walked_stack.watching("--plain") as terminal:
        await publish(client)
        await terminal.until_drawn("dispatches|nation:CN|2019 = ", seconds=40)
        terminal.press("\x03")
        assert await terminal.ended() == 0
    piped = await walked_stack.laowu("watch", "--once")
    assert "dispatches|nation:CN|2019 = " in piped.stdout
    refused = await walked_stack.laowu("watch", "--language", "fr")
    assert (refused.returncode, "zh, en, ja" in refused.stderr) == (2, True)


async def test_a_new_epoch_is_refused_while_the_service_runs_and_its_events_are_counted_afterwards(walked_stack: WalkedStack) -> None:
    explained = await walked_stack.laowu("relay", "new-epoch", "docking")
    assert (explained.returncode, "Repeat with --yes" in explained.stderr) == (2, True)
    refused = await walked_stack.laowu("relay", "new-epoch", "docking", "--yes")
    assert (refused.returncode, "run laowu down first" in refused.stderr) == (1, True)
    assert (await walked_stack.laowu("down")).returncode == 0
    done = await walked_stack.laowu("relay", "new-epoch", "docking", "--yes")
    assert (done.returncode, done.stdout) == (
        0,
        "docking numbers its events from 2.0 on; 0 that the log holds already were dropped from its outbox\n",
    ), done.stderr
    assert (await walked_stack.laowu("up", "--simulation")).returncode == 0
    assert walked_stack.running.home is not None
    assert stack.all_ready(walked_stack.running.home)
    async with walked_stack.running.client() as client:
        walked = await walk(client)
        await wait_until_all_applied(client)
    assert walked.grown("2019", "dispatches") == 1
    assert (await walked_stack.laowu("audit", "--strict")).returncode == 0
