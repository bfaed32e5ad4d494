"""`laowu keys`: the keys of personal data, changed while the programme runs. The ceremony is in docs/keys.md."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from console.api_client import ApiClient
from console.commands.operating import ask_as_operator
from console.commands.terminal import message, progress_bars
from console.local import secret_keys, stack
from console.local.home import Home
from console.local.stores import StillUp

HELP = "The keys of personal data, of what seals it and of how people are found: change them while people work."
app = typer.Typer(no_args_is_help=True, help=HELP)
HOLDERS = ("personal", "corrections")


@app.command("renew-master")
def renew_master() -> None:
    """Make a new master key for the local stack, with the stack down; the one before it still opens what it sealed."""
    home = _stopped()
    secret_keys.renew_master_key(home)
    message("a new master key; the one before opens what is not under it yet. Now: laowu up, then laowu keys rewrap")


@app.command()
def rewrap() -> None:
    """Bring every data key under the present master key. Interrupted, call it again: what is done stays done.

    Exit status: 0 all of it is, 1 some is under a key that registration does not have.
    """
    rewrapped, unreadable = ask_as_operator(rewrap_all)
    print(f"{rewrapped:,} brought under the present master key, {unreadable:,} under a key that registration does not have")
    raise typer.Exit(1 if unreadable else 0)


async def rewrap_all(operator: ApiClient) -> tuple[int, int]:
    """How many were brought under the present key, and how many no key opens. Raises RequestRefused, ServiceUnavailable."""
    rewrapped = unreadable = 0
    with progress_bars(transient=True) as bars:
        for holder in HOLDERS:
            task, after = bars.add_task(holder, total=None), None
            while True:
                body = {"holder": holder, "after": after}
                done = await operator.post("registration", "/keys/rewrap", body, f"{holder} {after}")
                rewrapped, unreadable, after = rewrapped + done["rewrapped"], unreadable + done["unreadable"], done["next"]
                bars.advance(task, done["seen"])
                if after is None:
                    break
    return rewrapped, unreadable


@app.command("forget-previous")
def forget_previous(*, yes: Annotated[bool, typer.Option("--yes", help="do it; without, it is only explained")] = False) -> None:
    """Forget the master keys before the present one, with the stack down: what only they open is lost, in older backups too."""
    if not yes:
        message("Only after laowu keys rewrap has ended with 0. Older backups need the keys that were: laowu backup --keys first.")
        message("Nothing was changed. Repeat with --yes to do it.")
        raise typer.Exit(2)
    message("forgotten" if secret_keys.forget_previous_master_keys(_stopped()) else "there were none")


@app.command("renew-lookup")
def renew_lookup() -> None:
    """Make a new lookup key for the local stack, with the stack down; the one before it is valid beside it until it is forgotten."""
    home = _stopped()
    secret_keys.renew_lookup_key(home)
    message("a new lookup key; people are found by the one before, too. Now: laowu up, then laowu keys rehash")


@app.command()
def rehash(*, check: Annotated[bool, typer.Option("--check", help="change nothing, only count")] = False) -> None:
    """Bring the hashes by which people are found under the present lookup key. Interrupted, call it again: what is done stays done.

    Exit status: 0 all of them are, 1 some are not (with --check), cannot be opened, or verify somebody whose number is not here.
    """
    outdated, unreadable, unknown = ask_as_operator(partial(rehash_all, check=check))
    print(
        f"{outdated:,} {'are not' if check else 'brought'} under the present lookup key, {unreadable:,} cannot be opened, "
        f"{unknown:,} documents are kept by a hash that nobody has"
    )
    raise typer.Exit(1 if unreadable or unknown or (check and outdated) else 0)


async def rehash_all(operator: ApiClient, *, check: bool = False) -> tuple[int, int, int]:
    """Outdated, unreadable, and documents of nobody here. Raises RequestRefused, ServiceUnavailable."""
    outdated, unreadable, after = 0, 0, None
    with progress_bars(transient=True) as bars:
        task = bars.add_task("people", total=None)
        while True:
            done = await operator.post("registration", "/keys/rehash", {"after": after, "check": check}, f"rehash {check} {after}")
            outdated, unreadable, after = outdated + done["outdated"], unreadable + done["unreadable"], done["next"]
            bars.advance(task, done["seen"])
            if after is None:
                return outdated, unreadable, done["unknown_documents"]


@app.command("forget-lookup")
def forget_lookup(*, yes: Annotated[bool, typer.Option("--yes", help="do it; without, it is only explained")] = False) -> None:
    """Forget the lookup key before the present one, with the stack down: who is stored under it is found no more."""
    if not yes:
        message("Only after laowu keys rehash --check has ended with 0. Older backups need the key that was: laowu backup --keys first.")
        message("Nothing was changed. Repeat with --yes to do it.")
        raise typer.Exit(2)
    message("forgotten" if secret_keys.forget_second_lookup_key(_stopped()) else "there was none")


def _stopped() -> Home:
    """Raises StillUp: a running service would go on under the key that it was started with."""
    home = Home.here()
    stack.endpoints(home)
    if stack.is_up(home):
        raise StillUp("the stack is up: run laowu down first.")
    return home
