"""`laowu report`: the report a ministry would want, from the one query path of the stats service, as tables or as JSON."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from console.api_client import open_client
from console.commands import restatements
from console.commands.restatements import FIGURES
from console.commands.terminal import figure_column, message, print_json, print_table, results, text_column
from console.local import stack
from console.local.home import Home
from shared.principals import Role
from shared.texts import FALLBACK, LANGUAGES, Texts, sentence, texts
from shared.values import format_ratio

RISES = {"rose": sentence("rose"), "fell": sentence("fell"), "not_comparable": sentence("not compared")}
Language = Literal["zh", "en", "ja"]
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


def report(
    *,
    as_known_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only what was recorded by the end of that day")
    ] = None,
    language: Annotated[
        Language | None, typer.Option(show_default="that of LC_ALL, LC_MESSAGES or LANG, else en", help="of the tables")
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
        show(document, texts(language or language_of_terminal()))


def ask(home: Home, known: date | None) -> dict[str, Any]:
    """The report as its JSON; `seed` is the simulation's, None outside one. As known now, restatements are part of it."""
    return asyncio.run(_ask(home, known))


async def _ask(home: Home, known: date | None) -> dict[str, Any]:
    async with open_client(stack.endpoints(home), stack.tokens(home), run="report") as client:
        document = await client.as_role(Role.AUDITOR).get("stats", "/report", as_known_at=known)
        document |= {"seed": (home.read("demo.json") or {}).get("seed")}
        return dict(document if known else document | await restatements.fetch(client, document))


# --- for people ---------------------------------------------------------------------------------------------------------
def language_of_terminal() -> str:
    """Of LC_ALL, LC_MESSAGES or LANG, whichever is set first: zh for zh_CN.UTF-8. English where it is another one."""
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    found = re.split(r"[_.@]", locale)[0].lower()
    return found if found in LANGUAGES else FALLBACK


def show(document: dict[str, Any], t: Texts) -> None:
    """Everything in the report."""
    console = results()
    show_figures(document, console, t)
    if "restated" in document:
        restatements.show(document, console, t)


def show_figures(document: dict[str, Any], console: Console, t: Texts) -> None:
    """Years, quotas, targets, what was parked and how fresh it is."""
    known, programme = document["as_known_at"], document["programme"]
    title = t("Programme {programme}", programme=programme)
    if known:
        title = t("Programme {programme}, as known at {day}", programme=programme, day=known)
    print_table(console, _years(document, title, t))
    print_table(console, _quotas(document, t))
    print_table(console, _targets(document, t))
    print_table(console, _efforts(document, t))
    total, fresh = document["total"], document["fresh"]
    console.print(
        t(
            "In all {dispatches} dispatches, {poverty} from poverty counties; {persons} persons (once a year); parked events: {parked}.",
            dispatches=f"[bold]{total['dispatches']:,}[/]",
            persons=f"{total['persons']:,}",
            poverty=f"{total['poverty_dispatches']:,}",
            parked=total["parked"],
        )
    )
    through = fresh["complete_through"] or t("nothing yet")
    console.print(t("Complete through {moment}, {seconds} s behind.", moment=through, seconds=fresh["lag_seconds"]))
    if document["seed"] is not None:
        console.print(t("Simulated, seed {seed}.", seed=document["seed"]))


def _state(t: Texts, code: str | None) -> str:
    """In its colour."""
    style, word = STYLES.get(code or "", ""), t.word("state", str(code))
    return f"[{style}]{word}[/]" if style else word


def _years(document: dict[str, Any], title: str, t: Texts) -> Table:
    table = Table(title=title, title_justify="left")
    text_column(table, t("year"))
    for name in (*(FIGURES[name][0] for name in FIGURES), sentence("share")):
        figure_column(table, t(name))
    for year, row in document["years"].items():
        share = row["q1"]["percent"] if row["q1"] else ""
        table.add_row(year, *(f"{row[name] // unit:,}" for name, (_, unit) in FIGURES.items()), share)
    return table


def _quotas(document: dict[str, Any], t: Texts) -> Table:
    table = Table(title=t("Quotas (indicator: not binding)"), title_justify="left")
    text_column(table, t("year"))
    text_column(table, t("quota"))
    figure_column(table, t("share"))
    text_column(table, t("status"))
    figure_column(table, t("on the year before"))
    figure_column(table, t("gap in heads"))
    for year, row in document["years"].items():
        for code, share in row["quotas"].items():
            gap = "" if share["gap_heads"] is None else f"{share['gap_heads']:,}"
            if share["infeasible"]:
                gap += " [red]" + t("infeasible: {count} open positions", count=f"{share['open_positions']:,}") + "[/]"
            percent = f" = {share['percent']}" if share["percent"] else ""
            fraction = f"{share['num']:,} / {share['den']:,}{percent}"
            table.add_row(year, escape(code), fraction, _state(t, share["status"]), t(RISES[share["rise"]]), gap)
    return table


def _targets(document: dict[str, Any], t: Texts) -> Table:
    table = Table(title=t("Targets of the whole programme"), title_justify="left")
    text_column(table, t("target"))
    for name in (sentence("actual"), sentence("floor"), sentence("stretch")):
        figure_column(table, t(name))
    text_column(table, t("state"))
    heading = any(row["projection"] for row in document["targets"])
    if heading:
        figure_column(table, t("heading for"))
    for row in document["targets"]:
        unit = 100 if "income" in row["target"] else 1
        numbers = ("" if value is None else f"{value // unit:,}" for value in (row["actual"], row["floor"], row["stretch"]))
        ending = (_heading(row, unit, t),) if heading else ()
        table.add_row(escape(t.word("target", row["target"])), *numbers, _state(t, row["state"]), *ending)
    return table


# Effort -> what its lines say: (title, measure, the measure it is a share of).
EFFORTS: dict[str, tuple[tuple[str, str, str | None], ...]] = {
    sentence("survey"): (
        (sentence("counties surveyed, of all"), "surveyed_counties", "counties"),
        (sentence("people asked"), "survey_respondents", None),
        (sentence("able to go, of those asked"), "survey_able", "survey_respondents"),
        (sentence("willing to go, of those able"), "survey_willing", "survey_able"),
    ),
    sentence("docking"): (
        (sentence("intended at fairs"), "intentions", None),
        (sentence("became matches, of those intended"), "intentions_matched", "intentions"),
        (sentence("matches in all"), "matched", None),
    ),
    sentence("platform"): (
        (sentence("workers registered"), "registrations", None),
        (sentence("registrations merged"), "merges", None),
        (sentence("trained and certified"), "certified", None),
        (sentence("complaints and findings taken up"), "cases_opened", None),
        (sentence("first answers given"), "cases_answered", None),
        (sentence("first answers not given in time"), "cases_overdue", None),
        (sentence("settled"), "settlements", None),
        (sentence("accounted for in emergencies, of those there"), "workers_accounted_for", "workers_to_account_for"),
        (sentence("repatriated"), "repatriations", None),
    ),
    sentence("publicity"): (
        (sentence("people reached"), "outreach_reached", None),
        (sentence("registered because of it, of those reached"), "outreach_converted", "outreach_reached"),
    ),
}


def _efforts(document: dict[str, Any], t: Texts) -> Table:
    """The four efforts that the programme promises, a column per year."""
    table = Table(title=t("The four efforts"), title_justify="left")
    text_column(table, t("effort"))
    text_column(table, t("figure"))
    for year in document["years"]:
        figure_column(table, year)
    for effort, lines in EFFORTS.items():
        for title, measure, of in lines:
            values = [_share(row["efforts"][effort], measure, of) for row in document["years"].values()]
            table.add_row(t(effort), t(title), *values)
    return table


def _share(figures: dict[str, int], measure: str, of: str | None) -> str:
    value = f"{figures[measure]:,}"
    return f"{value} ({format_ratio((figures[measure] * 100, figures[of]), 2)} %)" if of and figures[of] else value


def _heading(row: dict[str, Any], unit: int, t: Texts) -> str:
    """Where a target will stand at the end of its span: likely, and between what."""
    found = row["projection"]
    if not found:
        return ""
    low, likely, high = (f"{found[name] // unit:,}" for name in ("low", "likely", "high"))
    return t("{likely} ({low} to {high})", likely=likely, low=low, high=high)
