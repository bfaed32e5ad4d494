"""The folder of a cut-over: what is no list, no total or no row of one is refused before anybody is asked."""

from __future__ import annotations

import csv
import io
import signal
from pathlib import Path

import pytest

from console.commands import cut_over as command
from console.cut_over.bodies import column_of, read_cells
from console.cut_over.old_lists import (
    COLUMNS,
    PLACEMENTS,
    FolderRefused,
    OldList,
    forget_annotated,
    read_folder,
    required,
    worker_rows,
    write_annotated,
)
from console.cut_over.totals import Control, count_lists, read_totals, reconcile
from services.registration.worker_lists import columns as registration
from shared.old_numbers import is_system
from shared.sheets.tables import Row
from tests.support.old_system import OldSystem, write_list


def test_a_folder_holds_lists_and_their_totals(tmp_path: Path) -> None:
    lists, totals = read_folder(OldSystem().write(tmp_path))
    old, listed = read_totals(totals, lists), count_lists(lists)
    assert old == {control: listed[control] for control in old}
    assert [row.difference for row in reconcile(old, listed)] == [0] * 9


def _read(folder: Path) -> dict[Control, int]:
    lists, totals = read_folder(folder)
    return read_totals(totals, lists)


def test_both_counts_of_a_total_that_differs_are_there(tmp_path: Path) -> None:
    system = OldSystem()
    del system.lists["placements"][0]
    lists, totals = read_folder(system.write(tmp_path))
    rows = reconcile(read_totals(totals, lists), count_lists(lists))
    assert [(row.control, row.old, row.listed, row.difference) for row in rows if row.difference] == [
        (Control("placements", "count"), 6, 5, -1)
    ]


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        (("totals",), "there is no totals.csv"),
        (("enterprises", "orders", "workers", "placements", "matches"), "there is none of enterprises.csv"),
        (("orders",), "there is no orders.csv beside it"),
    ],
)
def test_a_missing_list_is_named(tmp_path: Path, missing: tuple[str, ...], why: str) -> None:
    folder = OldSystem().write(tmp_path)
    for kind in missing:
        (folder / f"{kind}.csv").unlink()
    with pytest.raises(FolderRefused, match=why):
        _read(folder)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"kind": "workers", "measure": "count", "region": "", "expected": "8"}, "there twice"),
        ({"kind": "workers", "measure": "wages", "region": "", "expected": "8"}, "is none of"),
        ({"kind": "workers", "measure": "count", "region": "Atlantis", "expected": "8"}, "no province, prefecture or county"),
        ({"kind": "workers", "measure": "count", "region": "630000", "expected": "eight"}, "no number"),
        ({"kind": "workers", "measure": "count", "region": "630000", "expected": "1.5"}, "no number of things"),
        ({"kind": "workers", "measure": "count", "region": "630000", "expected": ""}, "are needed"),
        ({"kind": "orders", "measure": "count", "region": "630000", "expected": "1"}, "have no region"),
    ],
)
def test_what_is_no_total_is_refused_by_its_row(tmp_path: Path, row: dict[str, str], why: str) -> None:
    system = OldSystem()
    system.lists["totals"].append(row)
    lists, totals = read_folder(system.write(tmp_path))
    with pytest.raises(FolderRefused, match=rf"row 11: .*{why}"):
        read_totals(totals, lists)


def test_a_list_without_a_total_is_refused(tmp_path: Path) -> None:
    system = OldSystem()
    system.lists["totals"] = [one for one in system.lists["totals"] if one["kind"] != "orders"]
    lists, totals = read_folder(system.write(tmp_path))
    with pytest.raises(FolderRefused, match="how many orders the old system counts"):
        read_totals(totals, lists)


def test_two_files_of_a_kind_or_one_without_its_columns_are_refused(tmp_path: Path) -> None:
    folder = OldSystem().write(tmp_path)
    (folder / "orders.xlsx").write_bytes(b"")
    with pytest.raises(FolderRefused, match="which of them"):
        read_folder(folder)
    (folder / "orders.xlsx").unlink()
    write_list(folder / "orders.csv", [{"old_number": "1"}])
    with pytest.raises(FolderRefused, match="COLUMN_MISSING"):
        read_folder(folder)


def a_row(kind: str, **cells: str) -> Row:
    row = next(iter(OldSystem().lists[kind])) | cells
    return Row(2, {name: text for name, text in row.items() if text})


@pytest.mark.parametrize(
    ("kind", "cells", "column", "code"),
    [
        ("placements", {"port": ""}, "port", "MISSING"),
        ("placements", {"wage_currency": "QQQ"}, "wage_currency", "CURRENCY_NOT_KNOWN"),
        ("placements", {"destination": "JPN;SGP"}, "destination", "DESTINATION_NOT_KNOWN"),
        ("placements", {"departed_on": "01/05/2024"}, "departed_on", "DAY_AMBIGUOUS"),
        ("placements", {"channel": "tourism"}, "channel", "CHANNEL_NOT_KNOWN"),
        ("placements", {"wage_period": "fortnight"}, "wage_period", "WAGE_PERIOD_NOT_KNOWN"),
        ("placements", {"pay_day": "2.5"}, "pay_day", "NUMBER_NOT_READABLE"),
        ("placements", {"old_number": "7" * 41}, "old_number", "OLD_NUMBER_NOT_READABLE"),
        ("placements", {"worker": "11010519491231002X"}, "worker", "OLD_NUMBER_IS_DOCUMENT"),
        ("matches", {"pay_day": ""}, "pay_day", "MISSING"),
        ("matches", {"contract_no": "", "pay_day": ""}, None, None),
        ("orders", {"positions": "0"}, "positions", "NUMBER_NOT_READABLE"),
        ("enterprises", {"reserve": "3e6"}, "reserve", "NUMBER_NOT_READABLE"),
        ("enterprises", {"scope": "labour_cooperation;tourism"}, "scope", "CHANNEL_NOT_KNOWN"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(kind: str, cells: dict[str, str], column: str | None, code: str | None) -> None:
    found = [(one.column, one.code) for one in read_cells(kind, a_row(kind, **cells)).findings]
    assert found == ([] if column is None else [(column, code)])


@pytest.mark.parametrize(
    ("named", "column"),
    [
        ("contract.wage.currency", "wage_currency"),
        ("enterprise", "licence_no"),
        ("old_number.number", "old_number"),
        ("contract.end", "end"),
        ("deposit", "row"),
        (None, "row"),
    ],
)
def test_a_field_that_a_service_refuses_is_shown_at_its_column(named: str | None, column: str) -> None:
    assert column_of(PLACEMENTS, named) == column


def test_a_worker_list_goes_out_under_its_own_headers_with_the_system_beside_each_row(tmp_path: Path) -> None:
    system = OldSystem()
    for row in system.lists["workers"]:
        row |= {"备注": 'a "note", with a comma', "old_system": "typed by hand"}
    lists, _ = read_folder(system.write(tmp_path))
    workers: OldList = lists["workers"]
    head, *rows = csv.reader(io.StringIO(worker_rows(workers, workers.table.rows[3:5], "mis-2009").decode(), newline=""))
    assert (head[0], head[-1], head.count("old_system")) == ("old_number", "old_system", 1)
    assert [(row[0], row[head.index("备注")], row[-1]) for row in rows] == [
        (number, 'a "note", with a comma', "mis-2009") for number in ("人-4", "人-5")
    ]


def test_the_templates_are_the_lists_that_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    command.cut_over(folder, system="mis-2009", templates=True)
    headers = {path.stem: path.read_text(encoding="utf-8").strip().split(",") for path in folder.iterdir()}
    assert headers.keys() == COLUMNS.keys()
    assert folder.stat().st_mode & 0o077 == 0, "what is filled in is of people"
    assert all(set(required(kind)) <= set(columns) for kind, columns in headers.items())
    assert set(registration.FORM.required) <= set(headers["workers"]) <= registration.COLUMNS.keys()
    with pytest.raises(command.NotTakenOver, match="is there already"):
        command.cut_over(folder, system="mis-2009", templates=True)


@pytest.mark.parametrize("name", ["", "MIS 2009", "-x", "x" * 33, "mis-2009\n"])
def test_what_is_no_name_of_a_system_is_refused(name: str) -> None:
    assert not is_system(name)
    assert is_system("mis-2009")


def test_a_rehearsal_does_not_run_on_servers_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    folder = OldSystem().write(tmp_path / "old")
    with pytest.raises(command.NotTakenOver, match="DATABASE_URL names others"):
        command.cut_over(folder, system="mis-2009", rehearse=True)


def test_sigterm_leaves_a_rehearsal_as_an_exception_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    taken_down = []

    def rehearse() -> None:
        with command.left_by_sigterm():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                taken_down.append("all of it")

    with pytest.raises(SystemExit) as left:
        rehearse()
    assert (left.value.code, taken_down, signal.getsignal(signal.SIGTERM)) == (143, ["all of it"], before)


def test_copies_of_lists_follow_no_link_to_another_folder(tmp_path: Path) -> None:
    lists, _ = read_folder(OldSystem().write(tmp_path / "old"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "workers.xlsx").write_bytes(b"of somebody")
    (tmp_path / "old" / "refused").symlink_to(elsewhere)
    with pytest.raises(FolderRefused, match="a link to another folder"):
        forget_annotated(lists)
    with pytest.raises(FolderRefused, match="a link to another folder"):
        write_annotated(lists["workers"], [], {})
    assert [path.read_bytes() for path in elsewhere.iterdir()] == [b"of somebody"]
