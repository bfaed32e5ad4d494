"""`laowu mail`: the letters that the local stack's services have sent; nothing of them leaves the machine."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from console.commands.terminal import figure_column, print_table, results, text_column
from console.errors import ConsoleError
from console.local import mail_sink
from console.local.home import Home

LISTED = 20


class LetterNotFound(ConsoleError):
    """No letter has this number."""


def mail(
    number: Annotated[int | None, typer.Argument(min=1, help="a letter of the list, to read; left out: the list")] = None,
    *,
    to: Annotated[str | None, typer.Option(help="only those to this address")] = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="how many are listed")] = LISTED,
) -> None:
    """The letters of the local stack, newest first; with a number, one of them."""
    found = [path for path in reversed(mail_sink.letters(mail_sink.mail_folder(Home.here()))) if to is None or to == read(path)["To"]]
    if number is None:
        _print_list(found[:lines])
    elif number > len(found):
        raise LetterNotFound(f"there are {len(found)} letters.")
    else:
        _print_letter(read(found[number - 1]))


def read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _print_list(paths: list[Path]) -> None:
    console = results()
    if not paths:
        console.print("no letters yet")
        return
    table = Table(box=None)
    figure_column(table, "number")
    for name in ("date", "to", "subject"):
        text_column(table, name)
    for place, path in enumerate(paths, 1):
        letter = read(path)
        table.add_row(str(place), *(escape(_plain(str(letter[name]))) for name in ("Date", "To", "Subject")))
    print_table(console, table)


def _print_letter(letter: EmailMessage) -> None:
    console = results()
    for name in ("Date", "From", "To", "Subject", "Message-ID"):
        console.print(f"{name}: {_plain(str(letter[name]))}", soft_wrap=True, markup=False, highlight=False)
    body = letter.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    console.print("\n" + "\n".join(map(_plain, text.splitlines())), soft_wrap=True, markup=False, highlight=False)


def _plain(text: str) -> str:
    """Without what would move a terminal's cursor or colour it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
