"""`laowu report`: the report a ministry would want, from the one query path of the stats service, as tables or as JSON."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from console.api_client import open_client
from console.commands import restatements
from console.commands.terminal import figure_column, message, print_json, print_table, results, text_column
from console.local import stack
from console.local.home import Home
from shared.principals import Role
from shared.values import format_ratio

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


def report(
    *,
    as_known_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only what was recorded by the end of that day")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for programs; amounts in fen")] = False,
) -> None:
    """The programme's figures: years, quotas, targets, what was parked, how fresh. Starts the stack for the answer if it is down."""
    home = Home.here()
    with stack.running(home, message):
        document = ask(home, as_known_at.date() if as_known_at else None)
    if as_json:
        print_json(document)
    else:
        show(document)


def ask(home: Home, known: date | None) -> dict[str, Any]:
    """The report as its JSON; `seed` is the simulation's, None outside one. As known now, restatements are part of it."""
    return asyncio.run(_ask(home, known))


async def _ask(home: Home, known: date | None) -> dict[str, Any]:
    async with open_client(stack.endpoints(home), stack.tokens(home), run="report") as client:
        document = await client.as_role(Role.AUDITOR).get("stats", "/report", as_known_at=known)
        document |= {"seed": (home.read("demo.json") or {}).get("seed")}
        return dict(document if known else document | await restatements.fetch(client, document))


# --- for people ---------------------------------------------------------------------------------------------------------
def show(document: dict[str, Any]) -> None:
    """Everything in the report."""
    console = results()
    show_figures(document, console)
    if "restated" in document:
        restatements.show(document, console)


def show_figures(document: dict[str, Any], console: Console) -> None:
    """Years, quotas, targets, what was parked and how fresh it is."""
    known = document["as_known_at"]
    title = f"Programme {document['programme']}" + (f", as known at {known}" if known else "")
    print_table(console, _years(document, title))
    print_table(console, _quotas(document))
    print_table(console, _targets(document))
    print_table(console, _efforts(document))
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
    text_column(table, "year")
    for name in ("dispatches", "persons", "returns", "abroad at year end", "income, yuan", "from poverty counties", "share"):
        figure_column(table, name)
    for year, row in document["years"].items():
        share = row["q1"]["percent"] if row["q1"] else ""
        cells = (row["dispatches"], row["persons"], row["returns"], row["stock"], row["income_cny"] // 100, row["poverty_dispatches"])
        table.add_row(year, *(f"{value:,}" for value in cells), share)
    return table


def _quotas(document: dict[str, Any]) -> Table:
    table = Table(title="Quotas (indicator: not binding)", title_justify="left")
    for name in ("year", "quota", "share", "status", "on the year before", "gap in heads"):
        (figure_column if name in ("share", "on the year before", "gap in heads") else text_column)(table, name)
    for year, row in document["years"].items():
        for code, share in row["quotas"].items():
            style = STYLES.get(share["status"], "")
            status = f"[{style}]{share['status']}[/]" if style else share["status"]
            gap = "" if share["gap_heads"] is None else f"{share['gap_heads']:,}"
            gap += f" [red]infeasible: {share['open_positions']:,} open positions[/]" if share["infeasible"] else ""
            percent = f" = {share['percent']}" if share["percent"] else ""
            table.add_row(year, escape(code), f"{share['num']:,} / {share['den']:,}{percent}", status, share["rise"], gap)
    return table


def _targets(document: dict[str, Any]) -> Table:
    table = Table(title="Targets of the whole programme", title_justify="left")
    heading = any(row["projection"] for row in document["targets"])
    for name in ("target", "actual", "floor", "stretch", "state", *(("heading for",) if heading else ())):
        (text_column if name in ("target", "state") else figure_column)(table, name)
    for row in document["targets"]:
        unit = 100 if "income" in row["target"] else 1
        numbers = ("" if value is None else f"{value // unit:,}" for value in (row["actual"], row["floor"], row["stretch"]))
        style = STYLES.get(row["state"] or "", "")
        state = f"[{style}]{row['state']}[/]" if style else str(row["state"])
        table.add_row(TARGET_NAMES.get(row["target"], row["target"]), *numbers, state, *((_heading(row, unit),) if heading else ()))
    return table


# Effort -> what its lines say: (title, measure, the measure it is a share of).
EFFORTS: dict[str, tuple[tuple[str, str, str | None], ...]] = {
    "survey": (
        ("counties surveyed, of all", "surveyed_counties", "counties"),
        ("people asked", "survey_respondents", None),
        ("able to go, of those asked", "survey_able", "survey_respondents"),
        ("willing to go, of those able", "survey_willing", "survey_able"),
    ),
    "docking": (
        ("intended at fairs", "intentions", None),
        ("became matches, of those intended", "intentions_matched", "intentions"),
        ("matches in all", "matched", None),
    ),
    "platform": (
        ("workers registered", "registrations", None),
        ("registrations merged", "merges", None),
        ("trained and certified", "certified", None),
        ("complaints and findings taken up", "cases_opened", None),
        ("first answers given", "cases_answered", None),
        ("first answers not given in time", "cases_overdue", None),
        ("settled", "settlements", None),
        ("accounted for in emergencies, of those there", "workers_accounted_for", "workers_to_account_for"),
        ("repatriated", "repatriations", None),
    ),
    "publicity": (
        ("people reached", "outreach_reached", None),
        ("registered because of it, of those reached", "outreach_converted", "outreach_reached"),
    ),
}


def _efforts(document: dict[str, Any]) -> Table:
    """The four efforts that the programme promises, a column per year."""
    table = Table(title="The four efforts", title_justify="left")
    for name in ("effort", "figure"):
        text_column(table, name)
    for year in document["years"]:
        figure_column(table, year)
    for effort, lines in EFFORTS.items():
        for title, measure, of in lines:
            values = [_share(row["efforts"][effort], measure, of) for row in document["years"].values()]
            table.add_row(effort, title, *values)
    return table


def _share(figures: dict[str, int], measure: str, of: str | None) -> str:
    value = f"{figures[measure]:,}"
    return f"{value} ({format_ratio((figures[measure] * 100, figures[of]), 2)} %)" if of and figures[of] else value


def _heading(row: dict[str, Any], unit: int) -> str:
    """Where a target will stand at the end of its span: likely, and between what."""
    found = row["projection"]
    return f"{found['likely'] // unit:,} ({found['low'] // unit:,} to {found['high'] // unit:,})" if found else ""
