"""`laowu watch`: the figures and what happens to them, live: a board in a terminal, else lines from stats.snapshot and stats.events."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from console.api_client import open_client
from console.commands.kafka import cluster_settings
from console.commands.report import language_of_terminal
from console.commands.terminal import message, results
from console.errors import ConsoleError, NotRunning
from console.local import stack
from console.local.home import Home
from console.tui.app import BoardApp
from shared.delivery import kafka
from shared.delivery.event_log import read_log
from shared.events import (
    SNAPSHOT,
    STATS,
    DeadLetterRedriven,
    Event,
    EventEnvelope,
    FigurePublished,
    FigureRestated,
    QuotaStatusChanged,
    TargetProgressChanged,
    YearOnYearBreached,
    decode,
)
from shared.events.canary import StatsCanary
from shared.kafka_settings import KafkaSettings
from shared.principals import Role
from shared.texts import LANGUAGES, Texts, texts
from shared.values import PROGRAMME_ZONE


class KafkaUnavailable(ConsoleError):
    """Kafka does not answer."""


def watch(
    *,
    key: Annotated[str, typer.Option(help="only figures whose key contains this, such as Q1 or dispatches")] = "",
    once: Annotated[bool, typer.Option("--once", help="stop at the present end of the log")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="a line per change instead of the board, as where output is piped")] = False,
    language: Annotated[str | None, typer.Option(help="of the board: zh, en or ja; left out: LANG's")] = None,
) -> None:
    """Follow published figures, targets and quotas as they change. Ctrl-C ends it.

    In a terminal it is a board; piped, and with --plain, --once or --key, a line per change.
    """
    if language is not None and language not in LANGUAGES:
        raise typer.BadParameter(f"one of {', '.join(LANGUAGES)}", param_hint="--language")
    if plain or once or key or not _is_terminal():
        follow_lines(key, once=once)
    else:
        asyncio.run(show_board(Home.here(), texts(language or language_of_terminal())))


def _is_terminal() -> bool:
    """Whether a board can be drawn and keys can be read."""
    return all(each.isatty() for each in (sys.stdin, sys.stdout, sys.stderr)) and os.environ.get("TERM") not in {None, "", "dumb"}


# --- the board ------------------------------------------------------------------------------------------------------------
async def show_board(home: Home, t: Texts) -> None:
    """Until `q` or Ctrl-C. Raises NotRunning."""
    addresses = stack.endpoints(home)
    if not stack.is_up(home):
        raise NotRunning("the stack is down: run laowu up first.")

    def token(role: Role, party: str | None) -> str:  # a fresh one: a board may stay open for longer than a token is good
        return stack.token(role, party=party, home=home)

    async with open_client(addresses, token, run="watch") as client:
        await BoardApp(client.as_role(Role.AUDITOR), t).run_async()


# --- lines ----------------------------------------------------------------------------------------------------------------
def follow_lines(key: str, *, once: bool) -> None:
    """Raises KafkaUnavailable."""
    bootstrap = stack.kafka_bootstrap(Home.here())
    settings = cluster_settings(bootstrap)
    try:
        asyncio.run(_follow(settings, key, results(), follow=not once))
    except kafka.Unavailable as error:
        raise KafkaUnavailable(f"Kafka at {bootstrap} does not answer; see laowu status. ({error})") from None
    except KeyboardInterrupt:
        message("stopped")


async def _follow(settings: KafkaSettings, key: str, console: Console, *, follow: bool) -> None:
    async for entry in read_log(settings, (SNAPSHOT, STATS), follow=follow):
        event = decode(entry.record.value)
        if isinstance(event, EventEnvelope) and key in event.subject:
            line = describe(event.data)
            if line:
                moment = event.time.astimezone(PROGRAMME_ZONE)
                console.print(f"[dim]{moment:%Y-%m-%d %H:%M}[/] {line}", highlight=False, soft_wrap=True)


def describe(data: Event) -> str:
    """One line about what stats published; empty for what this build has no words for."""
    match data:
        case FigurePublished():
            share = f" = {data.share[0]:,} / {data.share[1]:,}" if data.share else ""
            value = f" = {data.value:,}" if data.value is not None else ""
            status = f" [bold]{data.status}[/]" if data.status else ""
            parked = f", {data.parked} parked" if data.parked else ""
            return f"{data.key}{value}{share}{status} ({data.label}, {data.lag_seconds} s behind{parked})"
        case QuotaStatusChanged():
            gap = f", {data.gap_heads:,} more needed" if data.gap_heads else ""
            gap += f", infeasible with {data.open_positions or 0:,} open positions" if data.infeasible else ""
            return f"[bold]{data.quota} {data.period}[/]: {data.status_from or 'new'} -> {data.status_to}, {_share(data.share)}{gap}"
        case TargetProgressChanged():
            moved = f"{data.state_from or 'new'} -> {data.state_to}"
            return f"[bold]{data.target}[/]: {moved}, {data.actual:,} of {data.floor:,}{_heading(data.projection)}"
        case YearOnYearBreached():
            return f"[red]{data.quota} {data.period}[/]: {_share(data.share)} after {_share(data.share_before)} the year before"
        case _:
            return _describe_event(data)


def _describe_event(data: Event) -> str:
    match data:
        case FigureRestated():
            of = f" {data.currency}" if data.currency else ""
            return f"[yellow]{data.key}[/]: {data.old:,} -> {data.new:,}{of} ({data.kind}, {data.causes_total:,} events behind it)"
        case DeadLetterRedriven():
            what = data.event_type or "a record"
            return f"redriven: {what} at {data.topic}/{data.partition}@{data.offset}, was parked as {data.why_parked}"
        case StatsCanary():
            return ""
        case _:
            return f"{type(data).__name__} {data.subject}"


def _share(share: tuple[int, int]) -> str:
    return f"{share[0]:,}/{share[1]:,}"


def _heading(projection: tuple[int, int, int] | None) -> str:
    return f", heading for {projection[1]:,} ({projection[0]:,} to {projection[2]:,})" if projection else ""
