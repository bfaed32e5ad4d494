"""`laowu cut-over`: what the system before this one has under way, taken over with its numbers, and reconciled with its totals."""

from __future__ import annotations

import asyncio
import csv
import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from console.api_client import RequestRefused, ServiceUnavailable, open_client
from console.commands.terminal import Json, figure_column, message, print_json, print_table, results, text_column
from console.commands.token import stack_of
from console.cut_over import sending
from console.cut_over.old_lists import COLUMNS, OldList, described, forget_annotated, read_folder, template, write_annotated
from console.cut_over.sending import CutOver
from console.cut_over.totals import Control, Reconciled, count_lists, read_totals, reconcile
from console.errors import ConsoleError
from console.local import stack
from console.local.home import Home
from console.local.stack import Options, Token
from shared.old_numbers import is_system

SHOWN = 10  # refused rows of a list that are named here; the copy names all


class NotTakenOver(ConsoleError):
    """Not everything of the old system is here, or a service has refused or stayed away."""


def _system(name: str) -> str:
    if not is_system(name):
        raise typer.BadParameter("small letters, digits and hyphens, such as mis-2009")
    return name


def cut_over(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="of the lists, one of each kind, and totals.csv")],
    *,
    system: Annotated[str, typer.Option(callback=_system, help="a short name for the old system, such as mis-2009")],
    templates: Annotated[bool, typer.Option("--templates", help="write empty lists into a new folder, and nothing else")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="compare and check everything; nothing is sent")] = False,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="all of it, into a stack of its own that is removed afterwards")] = False,
    compose: Annotated[bool, typer.Option("--compose", help="into the stack of docker-compose.yml in this folder")] = False,
    as_json: Json = False,
) -> None:
    """Take over what an old system has under way, with its numbers, and reconcile it with its totals.

    Nothing is sent unless its lists hold what it counts and no row is refused. Stopped and started again, it goes on where it was.
    """
    if dry_run + rehearse + templates > 1:
        raise typer.BadParameter("one of --templates, --dry-run and --rehearse")
    if templates:
        _write_templates(folder)
        return
    lists, totals = read_folder(folder)
    old = read_totals(totals, lists)
    listed = count_lists(lists)
    before = reconcile(old, listed)
    if any(row.difference for row in before):
        _show(before, as_json=as_json)
        raise NotTakenOver("the lists do not hold what the old system counts: nothing was sent.")
    with _target(rehearse=rehearse, compose=compose) as (addresses, tokens):
        after = asyncio.run(_taken_over(addresses, tokens, system, lists, old, dry_run=dry_run))
    rows = before if after is None else reconcile(old, listed, after[0])
    _show(rows, as_json=as_json)
    if after is None:
        message("Nothing was sent: no row would be refused by what is here now.")
    elif after[1] or any(row.difference for row in rows):
        raise NotTakenOver("not everything is here: mend the rows that were refused and start again; what is here stays.")
    else:
        message("A rehearsal: all of it was taken over, and removed again." if rehearse else "All of it is here.")


@contextmanager
def _target(*, rehearse: bool, compose: bool) -> Iterator[tuple[dict[str, str], Token]]:
    """Where the services are, and tokens for them."""
    if not rehearse:
        home, addresses = stack_of(compose=compose)
        yield addresses, stack.tokens(home)
        return
    named = [name for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL") if os.environ.get(name)]
    if named:
        raise NotTakenOver(f"a rehearsal runs on servers of its own, and {' and '.join(named)} names others: unset it for the rehearsal.")
    with left_by_sigterm(), tempfile.TemporaryDirectory(prefix="laowu-") as folder:
        home = Home(Path(folder).resolve() / "rehearsal")
        message(f"starting a stack for the rehearsal in {home.folder}; it is removed afterwards")
        try:
            stack.up(home, Options(durable=False))  # nothing of it has to survive a power cut
            yield stack.endpoints(home), stack.tokens(home)
        finally:
            stack.down(home)


@contextmanager
def left_by_sigterm() -> Iterator[None]:
    """SIGTERM leaves as an exception does, through every `finally`; another one does not interrupt these."""

    def leave(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


async def _taken_over(
    addresses: dict[str, str], tokens: Token, system: str, lists: dict[str, OldList], old: dict[Control, int], *, dry_run: bool
) -> tuple[dict[Control, int], bool] | None:
    """What the services count in the end, and whether a row was refused on the way; None of a dry run. Raises NotTakenOver."""
    try:
        async with open_client(addresses, tokens, run=f"cut-over {system}") as client:
            return await _run(CutOver(client=client, system=system, lists=lists, on_message=message), old, dry_run=dry_run)
    except (RequestRefused, ServiceUnavailable) as error:
        raise NotTakenOver(f"{error}; start again: what is here stays.") from None


async def _run(run: CutOver, old: dict[Control, int], *, dry_run: bool) -> tuple[dict[Control, int], bool] | None:
    await sending.look_up(run)
    await sending.check(run)
    forget_annotated(run.lists)
    if run.refused:
        _name_refused(run)
        raise NotTakenOver("rows would be refused: nothing was sent. Mend the lists and start again.")
    if dry_run:
        return None
    await sending.send(run)
    _name_refused(run)
    return await sending.count_now(run, old), run.refused


def _name_refused(run: CutOver) -> None:
    """The first of them, and where all of them are."""
    for kind, found in run.findings.items():
        wrong = sorted((one for one in found if one.severity == "error"), key=lambda one: one.row)
        for one in wrong[:SHOWN]:
            message(f"{kind}: {described(one, run.messages)}")
        if wrong:
            path = write_annotated(run.lists[kind], found, run.messages)
            message(f"{kind}: {len({one.row for one in wrong}):,} rows refused; a copy of the list says why: {path}")


def _write_templates(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise NotTakenOver(f"{folder} is there already: templates go into a new folder.") from None
    for kind in COLUMNS:
        with (folder / f"{kind}.csv").open("x", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(template(kind))
    message(f"written to {folder}: fill in what there is, and delete the lists of what there is not")


def _show(rows: Sequence[Reconciled], *, as_json: bool) -> None:
    if as_json:
        names = ("kind", "measure", "region")
        print_json(
            [
                {
                    **dict(zip(names, row.control, strict=True)),
                    "old": row.old,
                    "listed": row.listed,
                    "now": row.now,
                    "difference": row.difference,
                }
                for row in rows
            ]
        )
        return
    table = Table(title="Old system and new", title_justify="left")
    for name in ("kind", "measure", "region"):
        text_column(table, name)
    for name in ("old system", "lists", "here now", "difference"):
        figure_column(table, name)
    for row in rows:
        counted = ("" if number is None else f"{number:,}" for number in (row.old, row.listed, row.now))
        table.add_row(*row.control, *counted, f"{row.difference:+,}" if row.difference else "0")
    print_table(results(), table)
