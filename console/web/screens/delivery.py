"""Screens of those who run the system: what is on its way between the services, and records that could not be applied.

Each has one page of all services, which leads to that of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter, Response

from console.services import SERVICES
from console.web.inbox import services_named
from console.web.pages import Visitor, only, render
from console.web.screen import Item, ItemScreen, ListScreen, Part, Screen
from shared.principals import Role
from shared.texts import Texts, sentence

RUNNERS = frozenset({Role.OPERATOR, Role.AUDITOR})
GROUP = "Running the system"
router = APIRouter()
PAGES = ((GROUP, "/dead-letters", "Dead letters", RUNNERS), (GROUP, "/delivery", "Delivery", RUNNERS))


@router.get("/dead-letters")
async def dead_letters_page(who: Visitor = only(*RUNNERS)) -> Response:  # noqa: B008  # FastAPI's way
    return await _of_all_services(who, "Dead letters", "/dead-letters", ("service", "parked"))


@router.get("/delivery")
async def delivery_page(who: Visitor = only(*RUNNERS)) -> Response:  # noqa: B008
    return await _of_all_services(who, "Delivery", "/delivery", ("service", "outbox", "unread", "parked"))


async def _of_all_services(who: Visitor, title: str, path: str, columns: Sequence[str]) -> Response:
    """A row for each service that answers; the others are named."""
    answers = await asyncio.gather(*(who.backend.ask("GET", service, "/delivery") for service in SERVICES))
    answered = {service: answer.body for service, answer in zip(SERVICES, answers, strict=True) if answer.ok}
    return render(
        who,
        "services.html",
        title=who.text(title),
        columns=columns,
        words={"service": sentence("Part of the system"), "unread": sentence("Records not yet read")},
        link=lambda row: row["page"],
        rows=[
            {**state, "page": f"{path}/{service}", "service": who.text.word("service", service), "unread": sum(state["lag"].values())}
            for service, state in answered.items()
        ],
        away=services_named(who.text, set(SERVICES) - answered.keys()),
    )


def _dead_letters(service: str) -> ListScreen:
    return ListScreen(
        path=f"/dead-letters/{service}",
        title=f"Dead letters of {service}",
        service=service,
        route="/dead-letters",
        columns=("id", "parked_at", "event_type", "reason", "detail", "state", "blocks"),
        filters=("state", "subject"),
        roles=RUNNERS,
        row=f"/dead-letters/{service}/{{id}}",
        empty="Every record could be applied.",
    )


def _dead_letter(service: str) -> ItemScreen:
    return ItemScreen(
        path=f"/dead-letters/{service}/{{letter}}",
        title="Dead letter {letter}",
        service=service,
        route="/dead-letters/{letter}",
        roles=RUNNERS,
        tags=("state",),
        note="laowu deadletters redrives or discards it, after a preview.",
    )


def _delivery(service: str) -> ItemScreen:
    return ItemScreen(
        path=f"/delivery/{service}",
        title=f"Delivery of {service}",
        service=service,
        route="/delivery",
        roles=RUNNERS,
        fields=("outbox", "parked"),
        parts=(
            Part(
                title="Not yet read",
                service=service,
                route="/delivery",
                at="lag",
                key="partition",
                columns=("topic", "lag", "partition"),
                words={"topic": "Source", "lag": "Records", "partition": "Partitions that lag"},
                shape=by_topic,
            ),
            Part(
                title="Read so far, by partition",
                service=service,
                route="/delivery",
                at="positions",
                key="partition",
                columns=("partition", "next_offset", "next_number", "epoch", "gap_since"),
                folded=True,
            ),
        ),
    )


def by_topic(partitions: Sequence[Item], text: Texts) -> Sequence[Item]:
    """One row for each source, with those of its partitions that lag."""
    topics: dict[str, list[Item]] = {}
    for one in partitions:
        topics.setdefault(one["partition"].rpartition("/")[0], []).append(one)
    return [
        {
            "topic": _source(topic, text),
            "lag": sum(one["lag"] for one in found) or text("no backlog"),
            "partition": [f"{one['partition'].rpartition('/')[2]}: {text.number(one['lag'])}" for one in found if one["lag"]],
        }
        for topic, found in topics.items()
    ]


def _source(topic: str, text: Texts) -> str:
    """The service whose topic it is; of its second one with what that is."""
    service, _, kind = topic.partition(".")
    name = text.word("service", service)
    return name if kind == "events" else text("{service}: {topic}", service=name, topic=topic)


SCREENS: tuple[Screen, ...] = (
    *(_dead_letters(service) for service in SERVICES),
    *(_dead_letter(service) for service in SERVICES),
    *(_delivery(service) for service in SERVICES),
)
