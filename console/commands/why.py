"""`laowu why`: the events behind a figure, and whether they add up to what the API answers for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from console.commands.log_reading import Processes, exit_2_without_answer, log_progress
from console.commands.terminal import Json, message, print_json
from console.local import stack
from console.local.home import Home
from services.stats.counting.reference_fold import EARLIEST
from services.stats.domain.periods import period_end, period_start
from services.stats.domain.questions import Basis, Filter, Question
from services.stats.figures.known_codes import require_known
from services.stats.replay import figure_keys
from services.stats.replay.explain import Contribution, Explanation, FigureToExplain, explain
from shared import db
from shared.db import Tx
from shared.errors import Refused
from shared.settings import Settings
from shared.values import Clock, Scheme

Asking = Callable[[Tx], Awaitable[Sequence[FigureToExplain]]]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only what was recorded by the end of that day")]


def _of(what: str) -> Any:
    return typer.Option(help=f"{what}; may be given several times")


def why(
    figure: Annotated[str, typer.Argument(help="a measure, such as dispatches, or a published key, such as 'Q1|nation:CN|2018'")],
    *,
    period: Annotated[str | None, typer.Option(help="YYYY, YYYY-MM or YYYY-MM-DD; left out: everything so far")] = None,
    county: Annotated[list[str], _of("of the household register")] = [],  # noqa: B006  # typer copies defaults
    province: Annotated[list[str], _of("of the household register")] = [],  # noqa: B006
    region: Annotated[list[str], _of("east, central, west and others, by the scheme")] = [],  # noqa: B006
    listed: Annotated[list[str], _of("national, provincial, none")] = [],  # noqa: B006
    designation: Annotated[list[str], _of("as listed at departure")] = [],  # noqa: B006
    destination: Annotated[list[str], _of("ISO 3166 alpha-3")] = [],  # noqa: B006
    occupation: Annotated[list[str], _of("ISCO-08")] = [],  # noqa: B006
    enterprise: Annotated[list[str], _of("id")] = [],  # noqa: B006
    channel: Annotated[list[str], _of("labour_cooperation, contracted_project, seafarer")] = [],  # noqa: B006
    sex: Annotated[list[str], _of("female, male")] = [],  # noqa: B006
    age_band: Annotated[list[str], _of("such as 25-29")] = [],  # noqa: B006
    payer: Annotated[list[str], _of("of a settlement: employer, enterprise, reserve, insurance")] = [],  # noqa: B006
    outreach_channel: Annotated[list[str], _of("broadcast, wechat, village_meeting and others")] = [],  # noqa: B006
    basis: Annotated[Basis | None, typer.Option(help="when a county must have been listed to be --listed; left out: ever_listed")] = None,
    scheme: Annotated[Scheme | None, typer.Option(help="how provinces are grouped to a --region; left out: three_belt")] = None,
    as_known_at: Day = None,
    processes: Processes = None,
    as_json: Json = False,
) -> None:
    """The events that make a figure up, one by one. Starts the stack for the answer if it is down.

    Exit status: 0 they add up to what the API answers, 1 they do not, 2 it cannot be decided.
    """
    part = {
        "county": county,
        "province": province,
        "region": region,
        "listed": listed,
        "designation": designation,
        "destination": destination,
        "occupation": occupation,
        "enterprise": enterprise,
        "channel": channel,
        "sex": sex,
        "age_band": age_band,
        "payer": payer,
        "outreach_channel": outreach_channel,
    }
    asking = _asking(figure, period, part, Terms(basis, scheme, as_known_at.date() if as_known_at else None))
    home = Home.here()
    with exit_2_without_answer("why"), stack.running(home, message):
        found = asyncio.run(_explain(stack.settings("stats", home), asking, processes))
    if as_json:
        print_json([document(one) for one in found])
    else:
        print("\n".join(line for one in found for line in lines(one)))
    raise typer.Exit(0 if all(one.explained for one in found) else 1)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a figure is read; None: on those of figures by default."""

    basis: Basis | None
    scheme: Scheme | None
    known_on: date | None

    def chosen(self) -> dict[str, Any]:
        """What was given, under the names of a question."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _asking(figure: str, period: str | None, part: dict[str, list[str]], terms: Terms) -> Asking:
    """How the figure is asked for once there is a database. Raises BadParameter."""
    if "|" in figure:
        if period is not None or terms.chosen() or any(part.values()):
            raise typer.BadParameter("a published key says by itself which figure it is: no options beside it")
        return partial(_asked_by_key, figure)
    try:
        start = period_start(period) if period else EARLIEST
        end = period_end(period) if period else terms.known_on or Clock().today()
        question = Question(measure=figure, start=start, end=end, filter=Filter.model_validate(part), **terms.chosen())
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"{first['loc'][0]}: {first['msg']}") from None
    except Refused as error:
        raise typer.BadParameter(str(error)) from None
    title = _title(figure, period, part, terms)

    return partial(_with_known_codes, asked=[FigureToExplain(title=title, question=question)])


async def _asked_by_key(key: str, tx: Tx) -> list[FigureToExplain]:
    return await _with_known_codes(tx, await figure_keys.parse(tx, key))


async def _with_known_codes(tx: Tx, asked: list[FigureToExplain]) -> list[FigureToExplain]:
    """Raises CodeNotFound: a wrong code would look like a figure of 0."""
    for one in asked:
        if one.question is not None:
            await require_known(tx, one.question.filter)
    return asked


def _title(figure: str, period: str | None, part: dict[str, list[str]], terms: Terms) -> str:
    conditions = [f"{name} {'/'.join(values)}" for name, values in part.items() if values]
    conditions += [f"{name} {value}" for name, value in (("basis", terms.basis), ("scheme", terms.scheme)) if value]
    conditions += [f"as known at {terms.known_on}"] if terms.known_on else []
    return ", ".join([f"{figure} {period or 'so far'}", *conditions])


async def _explain(settings: Settings, asking: Asking, processes: int | None) -> list[Explanation]:
    """Raises BadParameter for what is no figure, and what is in NO_ANSWER."""
    conn = await db.connect(settings.database_url.get_secret_value(), application="laowu-why", seconds=1800)
    try:
        with log_progress() as progress:
            return await explain(settings, conn, asking, processes=processes, progress=progress)
    except Refused as error:
        raise typer.BadParameter(str(error)) from None
    finally:
        conn.terminate()


# --- the answer -------------------------------------------------------------------------------------------------------
def document(found: Explanation) -> dict[str, Any]:
    """An explanation as JSON; amounts in minor units."""
    return {
        "figure": found.figure.title,
        "explained": found.explained,
        "sum": found.totals,
        "answer": found.answers,
        "events": [
            {
                "event": str(one.event),
                "type": one.type,
                "subject": one.subject,
                "at": one.at,
                "day": str(one.day),
                "recorded_on": str(one.recorded_on),
                "delta": one.delta,
                "currency": one.currency or None,
                "total": total,
            }
            for one, total in _running(found)
        ],
    }


def lines(found: Explanation) -> Iterator[str]:
    """An explanation for people: an event a line, in the order in which they were recorded."""
    yield found.figure.title
    for one, total in _running(found):
        money = f" {one.currency}" if one.currency else ""
        yield (
            f"{one.day} recorded {one.recorded_on} {one.delta:+,}{money} = {total:,}  {one.type} of {one.subject}  {one.event} at {one.at}"
        )
    verdict = "equal" if found.explained else "DIFFERENT"
    yield f"{verdict}: {_amounts(found.totals)} by {len(found.events):,} entries of the log, {_amounts(found.answers)} as the API answers"


def _running(found: Explanation) -> Iterator[tuple[Contribution, int]]:
    """Each event with the total so far in its currency."""
    totals = dict[str, int]()
    for one in found.events:
        totals[one.currency] = totals.get(one.currency, 0) + one.delta
        yield one, totals[one.currency]


def _amounts(found: dict[str, int]) -> str:
    return ", ".join(f"{value:,} {currency}".strip() for currency, value in found.items()) or "0"
