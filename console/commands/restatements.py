"""What was published and what has become of it: restatements since the close, a year as known then and now, quotas breached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from console.api_client import ApiClient
from console.commands.terminal import figure_column, print_table, text_column
from shared.principals import NATION, Role
from shared.texts import Texts, sentence

COMPARED, KNOWN = "2018", date(2019, 2, 1)  # the year that is shown as it was known on a day, the day after its publication
# Of a year of the report: what it is called in tables, and in how many minor units it counts.
FIGURES = {
    "dispatches": (sentence("dispatches"), 1),
    "persons": (sentence("persons"), 1),
    "returns": (sentence("returns"), 1),
    "stock": (sentence("abroad at year end"), 1),
    "income_cny": (sentence("income, yuan"), 100),
    "poverty_dispatches": (sentence("from poverty counties"), 1),
}
# Measure and currency of what is restated -> the figure it is of.
RESTATED = {
    ("dispatches", None): "dispatches",
    ("persons", None): "persons",
    ("returns", None): "returns",
    ("income", "CNY"): "income_cny",
}


async def fetch(client: ApiClient, document: Mapping[str, Any]) -> dict[str, Any]:
    """Beside a report's document: `restated`, `then` (the compared year as it was known) and `breached`, as JSON."""
    auditor = client.as_role(Role.AUDITOR)
    closed = [period for period in await auditor.get("stats", "/periods") if period["reopened_by"] is None]
    events_by_period = [(period, await _restatements(auditor, period)) for period in closed]
    then = await auditor.get("stats", "/report", as_known_at=KNOWN)
    judged = await auditor.get("stats", "/quotas", programme=document["programme"])
    names = ("quota", "title", "year", "num", "den", "percent", "threshold", "gap_heads")
    return {
        "restated": [row for period, events in events_by_period for row in restated(period, events)],
        "then": {"year": COMPARED, "known": KNOWN.isoformat(), **then["years"][COMPARED]},
        "breached": [{name: row[name] for name in names} for row in judged["quotas"] if row["binding"] and row["status"] == "breached"],
    }


async def _restatements(auditor: ApiClient, period: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was published about the period's present close, oldest first."""
    items = await auditor.get_all("stats", "/restatements", period=period["period"])
    return [item["restated"] for item in items if item["version"] == period["version"]]


def restated(period: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Per figure of the nation: as published, what was added for each kind of reason, as it stands. Money in fen."""
    about = {"period": period["period"], "closed_on": str(period["closed_at"])[:10]}
    chains: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for event in events:
        figure = RESTATED.get((event["measure"], event["currency"]))
        if figure and event["scope"] == f"nation:{NATION}" and event["kind"] != "fx":  # rates change no payment
            chains[figure].append(event)
    rows = []
    for figure in FIGURES:
        if chain := chains[figure]:
            changes: dict[str, int] = defaultdict(int)
            for event in chain:
                changes[event["kind"]] += event["new"] - event["old"]
            first, last = chain[0]["old"], chain[-1]["new"]
            rows.append({**about, "figure": figure, "published": first, "changes": dict(sorted(changes.items())), "stands": last})
    return rows


# --- for people ---------------------------------------------------------------------------------------------------------
def show(document: Mapping[str, Any], console: Console, t: Texts) -> None:
    """The three endings, each only where there is something to show."""
    if document["restated"]:
        print_table(console, _restated(document["restated"], t))
    if document["years"][COMPARED]["dispatches"]:
        print_table(console, _compared(document["then"], document["years"][COMPARED], t))
    for line in breaches(document["breached"], t):
        console.print(line, highlight=False)


def _restated(rows: Iterable[Mapping[str, Any]], t: Texts) -> Table:
    table = Table(title=t("Restated since publication"), title_justify="left")
    for name in (sentence("period"), sentence("closed on"), sentence("figure")):
        text_column(table, t(name))
    for name in (sentence("as published"), sentence("late"), sentence("corrected"), sentence("as it stands")):
        figure_column(table, t(name))
    for row in rows:
        name, unit = FIGURES[row["figure"]]
        name = t("income paid in yuan") if row["figure"] == "income_cny" else t(name)
        late = row["changes"].get("late", 0)
        moved = (_change(late, unit), _change(sum(row["changes"].values()) - late, unit))
        table.add_row(row["period"], row["closed_on"], name, f"{row['published'] // unit:,}", *moved, f"{row['stands'] // unit:,}")
    return table


def _compared(then: Mapping[str, Any], now: Mapping[str, Any], t: Texts) -> Table:
    table = Table(title=t("{year} as known on {day}, and now", year=then["year"], day=then["known"]), title_justify="left")
    text_column(table, t("figure"))
    for name in (t("known on {day}", day=then["known"]), t("known now"), t("change")):
        figure_column(table, name)
    for figure, (name, unit) in FIGURES.items():
        table.add_row(t(name), f"{then[figure] // unit:,}", f"{now[figure] // unit:,}", _change(now[figure] - then[figure], unit))
    if then["q1"] and now["q1"]:
        table.add_row("Q1", *(f"{row['q1']['percent']}, {t.word('state', row['q1']['status'])}" for row in (then, now)), "")
    return table


def breaches(rows: Iterable[Mapping[str, Any]], t: Texts) -> Iterator[str]:
    """Per quota what it asks for, then a line per breached year: by how many heads it was short."""
    of_quota: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        of_quota[row["quota"]].append(row)
    for code, years in sorted(of_quota.items()):
        up, down = years[0]["threshold"]
        title = t.word("quota", code) if t.has("quota", code) and t.language != "en" else years[0]["title"]
        asked = t("{title}, at least {up} in {down}.", title=title, up=up, down=down)
        yield f"[red]{t('Quota {code} breached', code=code)}[/]: {asked}"
        for row in years:
            heads = f"[bold]{row['gap_heads']:,}[/]" if row["gap_heads"] else ""
            short = t("short by {heads}", heads=heads) if heads else t("not above the year before")
            yield f"  {row['year']}: {row['num']:,} / {row['den']:,} = {row['percent']}, {short}"


def _change(minor: int, unit: int) -> str:
    return f"{minor // unit:+,}" if minor else ""
