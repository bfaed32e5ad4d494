"""The report a ministry would want, from the stats service's one query path, as tables or as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from console.api_client import Caller
from shared.principals import Role

STYLES = {
    "met": "green",
    "achieved": "green",
    "ahead": "green",
    "on_track": "green",
    "at_risk": "yellow",
    "behind": "yellow",
    "breached": "red",
    "missed": "red",
}
TARGET_NAMES = {
    "dispatches": "dispatches",
    "income": "income, yuan",
    "poverty_dispatches": "dispatches from poverty counties",
    "poverty_income": "income of those, yuan",
}


async def fetch(caller: Caller, seed: int | None, known: date | None = None) -> dict[str, Any]:
    """The report as its JSON; `seed` is the simulation's, None outside one."""
    auditor = caller.speaking_as(Role.AUDITOR)
    document: dict[str, Any] = await auditor.get("stats", "/report", as_known_at=known)
    return {**document, "seed": seed}


def figures(document: dict[str, Any]) -> dict[str, Any]:
    """What the same seed must give byte for byte: everything but how fresh it is."""
    return {name: value for name, value in document.items() if name != "fresh"}


def show(document: dict[str, Any], console: Console) -> None:
    """Years, quotas, targets, what was parked and how fresh it is."""
    known = document["as_known_at"]
    console.print(_years(document, f"Programme {document['programme']}" + (f", as known at {known}" if known else "")))
    console.print(_quotas(document))
    console.print(_targets(document))
    total, fresh = document["total"], document["fresh"]
    console.print(
        f"In all [bold]{total['dispatches']:,}[/] dispatches of {total['persons']:,} persons a year,"
        f" {total['poverty_dispatches']:,} from poverty counties; parked events: {total['parked']}."
    )
    console.print(f"Complete through {fresh['complete_through'] or 'nothing yet'}, {fresh['lag_seconds']} s behind.")
    if document["seed"] is not None:
        console.print(f"Simulated, seed {document['seed']}.")


def _years(document: dict[str, Any], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("year")
    for name in ("dispatches", "persons", "returns", "abroad at year end", "income, yuan", "from poverty counties", "share"):
        table.add_column(name, justify="right")
    for year, row in document["years"].items():
        share = row["q1"]["percent"] if row["q1"] else ""
        cells = (row["dispatches"], row["persons"], row["returns"], row["stock"], row["income_cny"] // 100, row["poverty_dispatches"])
        table.add_row(year, *(f"{value:,}" for value in cells), share)
    return table


def _quotas(document: dict[str, Any]) -> Table:
    table = Table(title="Quotas (indicator: not binding)", title_justify="left")
    for name in ("year", "quota", "share", "status", "on the year before", "gap in heads"):
        table.add_column(name, justify="right" if name in ("share", "gap in heads") else "left")
    for year, row in document["years"].items():
        for code in ("q1", "q2", "indicator"):
            share = row[code]
            if share is not None:
                style = STYLES.get(share["status"], "")
                status = f"[{style}]{share['status']}[/]" if style else share["status"]
                gap = "" if share["gap_heads"] is None else f"{share['gap_heads']:,}"
                gap += f" [red]infeasible: {share['open_positions']:,} open positions[/]" if share["infeasible"] else ""
                name = code.upper() if code.startswith("q") else code
                percent = f" = {share['percent']}" if share["percent"] else ""
                table.add_row(year, name, f"{share['num']:,} / {share['den']:,}{percent}", status, share["rise"], gap)
    return table


def _targets(document: dict[str, Any]) -> Table:
    table = Table(title="Targets of the whole programme", title_justify="left")
    heading = any(row["projection"] for row in document["targets"])
    for name in ("target", "actual", "floor", "stretch", "state", *(("heading for",) if heading else ())):
        table.add_column(name, justify="left" if name in ("target", "state", "heading for") else "right")
    for row in document["targets"]:
        unit = 100 if "income" in row["target"] else 1
        numbers = ("" if value is None else f"{value // unit:,}" for value in (row["actual"], row["floor"], row["stretch"]))
        style = STYLES.get(row["state"] or "", "")
        state = f"[{style}]{row['state']}[/]" if style else str(row["state"])
        table.add_row(TARGET_NAMES.get(row["target"], row["target"]), *numbers, state, *((_heading(row, unit),) if heading else ()))
    return table


def _heading(row: dict[str, Any], unit: int) -> str:
    """Where a target will stand at the end of its span: likely, and between what."""
    found = row["projection"]
    return f"{found['likely'] // unit:,} ({found['low'] // unit:,} to {found['high'] // unit:,})" if found else ""
