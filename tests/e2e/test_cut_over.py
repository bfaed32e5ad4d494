"""What an old system has under way is taken over with its numbers: compared before, resumable on the way, reconciled in the end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
from python_calamine import load_workbook

from console.api_client import ApiClient
from console.commands import cut_over as command
from console.errors import ConsoleError
from shared.principals import Role
from tests.support.journey import RunningStack
from tests.support.old_system import OldSystem, changed
from tests.support.wait import until

pytestmark = pytest.mark.timeout(280)
Rows = list[tuple[str, str, str, int, int | None, int | None]]


class CutOver(Protocol):
    async def __call__(self, folder: Path, old: OldSystem, *, dry_run: bool = False) -> tuple[Rows, str]: ...


def environment(running: RunningStack) -> dict[str, str]:
    assert running.home is not None
    kept = {name: value for name, value in os.environ.items() if name not in {"KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"}}
    return {**kept, "LAOWU_HOME": str(running.home.folder)}


async def typed(running: RunningStack, folder: Path, old: OldSystem, *words: str) -> asyncio.subprocess.Process:
    """The command as it is typed, on its way."""
    line = [sys.executable, "-m", "console", "cut-over", str(folder), "--system", old.name, "--json", *words]
    return await asyncio.create_subprocess_exec(*line, env=environment(running), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def cut_over(running: RunningStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CutOver:
    """The command, called in this process: what it prints, and why it has failed."""
    assert running.home is not None
    monkeypatch.setenv("LAOWU_HOME", str(running.home.folder))

    async def call(folder: Path, old: OldSystem, *, dry_run: bool = False) -> tuple[Rows, str]:
        why = ""
        try:
            await asyncio.to_thread(command.cut_over, folder, system=old.name, dry_run=dry_run, as_json=True)
        except ConsoleError as error:
            why = str(error)
        return reconciled(capsys.readouterr().out), why

    return call


def reconciled(out: str) -> Rows:
    rows = json.loads(out) if out else []
    return [(one["kind"], one["measure"], one["region"], one["old"], one["listed"], one["now"]) for one in rows]


async def held(client: ApiClient, old: OldSystem) -> dict[str, int]:
    """How many of the old system's numbers each service holds, by kind."""
    officer = client.as_role(Role.OFFICER)
    found = {"workers": sum(one["count"] for one in await counts(officer, "registration", old)), "order": 0, "placement": 0}
    for one in await counts(officer, "docking", old):
        found[one["kind"]] += one["count"]
    return found


async def found(officer: ApiClient, service: str, path: str, old: OldSystem, number: str) -> dict[str, Any]:
    """The one record of the list that had this number in that system."""
    items = (await officer.get(service, path, old_number=number))["items"]
    [one] = [item for item in items if {"system": old.name, "number": number} in item["old_numbers"]]
    return dict(one)


async def counts(officer: ApiClient, service: str, old: OldSystem) -> list[dict[str, Any]]:
    return list((await officer.get(service, "/old-numbers/count", system=old.name))["items"])


def copy_of(folder: Path, kind: str) -> list[tuple[Any, str]]:
    """By row of the annotated copy: its number and what was found, where anything was."""
    rows = load_workbook(str(folder / "refused" / f"{kind}.xlsx")).get_sheet_by_index(0).to_python()
    return [(row[-4], str(row[-1])) for row in rows[1:] if row[-1]]


NOTHING = {"workers": 0, "order": 0, "placement": 0}
WHOLE: Rows = [
    ("enterprises", "count", "", 2, 2, 2),
    ("matches", "count", "", 2, 2, 2),
    ("orders", "count", "", 2, 2, 2),
    ("orders", "positions", "", 15, 15, 15),
    ("placements", "count", "", 6, 6, 6),
    ("placements", "count", "370000", 2, 2, 2),
    ("workers", "count", "", 8, 8, 8),
    ("workers", "count", "370000", 2, 2, 2),
    ("workers", "count", "620000", 6, 6, 6),
]


async def test_everything_is_here_once_and_found_by_its_old_number(cut_over: CutOver, client: ApiClient, tmp_path: Path) -> None:
    old, officer = OldSystem(), client.as_role(Role.OFFICER)
    folder = old.write(tmp_path / "old")
    tried = await cut_over(folder, old, dry_run=True)
    assert tried == ([(*row[:5], None) for row in WHOLE], "")
    assert await held(client, old) == NOTHING
    unpaid = {"name": "Old", "licence_no": old.licences[0], "scope": ["labour_cooperation", "seafarer"], "valid_to": "2099-12-31"}
    await officer.post("docking", "/enterprises", unpaid, "as a run that was killed before it had paid the reserve in")
    for reserve in ("3000000", "5000000"):  # the second time everything is here already
        with changed(old.lists["enterprises"][0], reserve=reserve):
            assert await cut_over(old.write(folder), old) == (WHOLE, "")
    assert await held(client, old) == {"workers": 8, "order": 2, "placement": 8}
    signed, unsigned = [await found(officer, "docking", "/placements", old, number) for number in ("M-7", "M-8")]
    assert [(one["state"], one["contract"] and one["contract"]["contract_no"]) for one in (signed, unsigned)] == [
        ("matched", "OLD-7"),
        ("matched", None),
    ]
    worker = await found(officer, "registration", "/workers", old, "人-3")
    [placement] = (await officer.get("docking", "/placements", worker=worker["worker"]))["items"]
    assert (placement["state"], placement["old_numbers"]) == ("abroad", [{"system": old.name, "number": "P-3"}])
    assert worker["abroad_since"] == "2024-05-01"
    ledger = await officer.get("rights", f"/placements/{placement['placement']}/ledger")
    assert ledger["departed_on"] == "2024-05-01"
    [enterprise] = (await officer.get("docking", "/enterprises", licence_no=old.licences[0]))["items"]
    assert enterprise["reserve"] == {"minor": 300_000_000, "currency": "CNY"}, "paid in once"


async def test_killed_on_the_way_and_started_again_it_ends_as_if_it_had_not_been(
    running: RunningStack, client: ApiClient, tmp_path: Path
) -> None:
    old = OldSystem(workers_abroad=250)
    folder = old.write(tmp_path / "old")
    first = await typed(running, folder, old)

    async def some_are_here() -> bool:
        return first.returncode is not None or (await held(client, old))["workers"] > 0

    try:
        await until(some_are_here)
    finally:
        with suppress(ProcessLookupError):
            first.kill()
        await first.communicate()
    second = await typed(running, folder, old)
    out, err = await second.communicate()
    assert (second.returncode, [row[5] - row[3] for row in reconciled(out.decode()) if row[5] is not None]) == (0, [0] * 9), err
    assert await held(client, old) == {"workers": 252, "order": 2, "placement": 252}


async def test_nothing_is_sent_while_a_total_differs_or_a_row_is_wrong(cut_over: CutOver, client: ApiClient, tmp_path: Path) -> None:
    old = OldSystem()
    totals = old.lists["totals"]
    with changed(totals[4], expected="3"):
        rows, why = await cut_over(old.write(tmp_path / "old"), old)
    assert ("workers", "count", "370000", 3, 2, None) in rows
    assert why == "the lists do not hold what the old system counts: nothing was sent."
    old.row("workers", "人-1")["sex"] = "?"
    old.row("workers", "人-3")["old_number"] = "人-2"
    old.row("orders", "O-2")["wage"] = "1.5.0"
    old.row("placements", "P-4")["licence_no"] = "LW000020000000"
    old.row("matches", "M-7")["order"] = "O-9"
    old.row("matches", "M-8")["old_number"] = "P-1"
    totals[8]["expected"] = "1"  # whose worker is not listed is of no province
    folder = old.write(tmp_path / "old")
    rows, why = await cut_over(folder, old)
    assert (rows, why) == ([], "rows would be refused: nothing was sent. Mend the lists and start again.")
    assert [row for row, _ in copy_of(folder, "workers")] == ["2", "4"]
    assert [row for row, _ in copy_of(folder, "orders")] == ["3"]
    assert [remark.split(":")[0] for _, remark in copy_of(folder, "placements")] == ["worker", "licence_no"]
    assert [remark.split(":")[0] for _, remark in copy_of(folder, "matches")] == ["order", "old_number"]
    assert (folder / "refused" / "workers.xlsx").stat().st_mode & 0o077 == 0
    assert await held(client, old) == NOTHING


async def test_a_row_refused_on_the_way_is_named_and_comes_in_when_it_is_mended(
    cut_over: CutOver, client: ApiClient, tmp_path: Path
) -> None:
    """That somebody is placed already docking alone can say. One row is mended in the list, the other one's cause in docking."""
    old, officer = OldSystem(), client.as_role(Role.OFFICER)
    folder = tmp_path / "old"
    why = "not everything is here: mend the rows that were refused and start again; what is here stays."
    with changed(old.row("placements", "P-2"), worker="人-1"):
        with changed(old.row("placements", "P-4"), worker="人-1"):
            rows, refused = await cut_over(old.write(folder), old)
        assert ("placements", "count", "", 6, 6, 4) in rows
        assert refused == why
        assert [(row, remark.split(":")[0]) for row, remark in copy_of(folder, "placements")] == [("3", "worker"), ("5", "worker")]
        for _ in range(2):  # the second time it is asked for alone, as after its cause is gone
            assert (await cut_over(old.write(folder), old))[1] == why
        placed = await found(officer, "docking", "/placements", old, "P-1")
        await officer.post("docking", f"/placements/{placed['placement']}/departure/void", {"reason": "wrong_worker"}, placed["placement"])
        assert await cut_over(folder, old) == (WHOLE, "")
    assert not (folder / "refused" / "placements.xlsx").exists(), "it says what is mended since"
    assert await held(client, old) == {"workers": 8, "order": 2, "placement": 8}


@pytest.mark.timeout(600)  # a second stack is started and stopped beside the one that is shared
async def test_a_rehearsal_takes_everything_over_into_a_stack_that_is_gone_afterwards(
    running: RunningStack, client: ApiClient, tmp_path: Path
) -> None:
    old = OldSystem().counting_stock()
    rehearsal = await typed(running, old.write(tmp_path / "old"), old, "--rehearse")
    out, err = await rehearsal.communicate()
    assert rehearsal.returncode == 0, err
    [started] = re.findall(r"starting a stack for the rehearsal in (\S+);", err.decode())
    assert not Path(started).parent.exists(), "with everybody's data in it"
    stock: Rows = [("figures", "stock", "", 6, None, 6), ("figures", "stock", "370000", 2, None, 2)]
    assert sorted(reconciled(out.decode())) == sorted([*WHOLE, *stock]), "the figures count whom docking has adopted"
    assert await held(client, old) == NOTHING
