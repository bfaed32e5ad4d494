"""`laowu watch`: the figures and what happens to them, live from stats.snapshot and stats.events."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from console.commands.terminal import message, results
from console.errors import ConsoleError
from console.local import stack
from console.local.home import Home
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
from shared.settings import Settings
from shared.values import PROGRAMME_ZONE


class KafkaUnavailable(ConsoleError):
    """Kafka does not answer."""


def watch(
    *,
    key: Annotated[str, typer.Option(help="only figures whose key contains this, such as Q1 or dispatches")] = "",
    once: Annotated[bool, typer.Option("--once", help="stop at the present end of the log")] = False,
) -> None:
    """Follow published figures, targets and quotas as they change. Ctrl-C ends it."""
    bootstrap = stack.kafka_bootstrap(Home.here())
    settings = Settings.model_construct(kafka_bootstrap_servers=bootstrap)
    try:
        asyncio.run(_follow(settings, key, results(), follow=not once))
    except kafka.Unavailable as error:
        raise KafkaUnavailable(f"Kafka at {bootstrap} does not answer; see laowu status. ({error})") from None
    except KeyboardInterrupt:
        message("stopped")


async def _follow(settings: Settings, key: str, console: Console, *, follow: bool) -> None:
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
        case _:
            return f"{type(data).__name__} {data.subject}"


def _share(share: tuple[int, int]) -> str:
    return f"{share[0]:,}/{share[1]:,}"


def _heading(projection: tuple[int, int, int] | None) -> str:
    return f", heading for {projection[1]:,} ({projection[0]:,} to {projection[2]:,})" if projection else ""
