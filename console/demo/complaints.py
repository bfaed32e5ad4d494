"""Ten complaints through to the settlement; one is paid out of the enterprise's reserve, which is topped up again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from console.api_client import wait_until_applied
from console.demo.simulation import Voyage
from console.demo.world import World, all_of
from shared.principals import Role

COMPLAINTS = 10
FIRST_DAY = date(2018, 10, 15)
BY_RESERVE, BY_EMPLOYER = 0, 1  # which of them somebody else than the enterprise pays
COMPENSATION = 220_000_000  # fen: it takes the reserve below its minimum


def complainants(world: World) -> Sequence[Voyage]:
    """Abroad since spring and for another half year, of as many enterprises as there are."""
    abroad = [
        voyage
        for voyage in world.plan.voyages
        if date(2018, 3, 1) <= voyage.departed_on <= date(2018, 5, 31)
        and not voyage.voided
        and (voyage.returned_on is None or voyage.returned_on > date(2019, 3, 1))
        and voyage.right_on <= date(2018, 6, 30)
    ]
    return abroad[:COMPLAINTS]


async def settle_complaints(world: World) -> None:
    found = complainants(world)
    if not found:
        return  # a programme played small
    await all_of(_settle(world, number, voyage) for number, voyage in enumerate(found))
    await wait_until_applied(world.client, "rights", "docking")  # the reserve pays,
    await wait_until_applied(world.client, "docking", "rights")  # which settles the case
    await _top_up(world, found[BY_RESERVE])
    await all_of(_close(world, number) for number in range(len(found)))


async def _settle(world: World, number: int, voyage: Voyage) -> None:
    """Opened, triaged, assigned, answered; the enterprise is asked, admits and offers; somebody pays."""
    day = FIRST_DAY + timedelta(days=number)
    reserve = number == BY_RESERVE
    opened = {
        "category": "safety" if reserve else "wages",
        "severity": "normal",
        "via": "family" if reserve else "worker",
        "medium": "phone",
        "placement": world.placements[voyage.number],
        "text": "工作中受伤" if reserve else "加班工资未支付",
    }
    world.cases[number] = (await world.on(day).as_role(Role.CLERK).post("rights", "/cases", opened, f"case-{number}"))["case"]
    amount = {"minor": COMPENSATION if reserve else 150_000 + 10_000 * number, "currency": "CNY"}
    payer = "reserve" if reserve else "employer" if number == BY_EMPLOYER else "enterprise"
    steps: list[tuple[int, Role, str, dict[str, Any]]] = [
        (0, Role.CLERK, "triage", {"severity": "normal"}),
        (0, Role.CLERK, "assignment", {"assignee": "local-clerk"}),
        (1, Role.CLERK, "answer", {"text": "已向企业了解情况。"}),
        (1, Role.CLERK, "response-request", {"text": "请说明情况。"}),
        (4, Role.ENTERPRISE, "response", {"position": "admits", "text": "情况属实。"}),
        (5, Role.ENTERPRISE, "offer", {"amount": amount, "offered_by": "enterprise", "text": "愿按此金额支付。"}),
        (8, Role.OFFICER if reserve else Role.CLERK, "settlement", {"amount": amount, "paid_by": payer}),
    ]
    for after, role, step, body in steps:
        party = world.enterprise(voyage) if role is Role.ENTERPRISE else None
        client = world.on(day + timedelta(days=after), 12).as_role(role, party)
        await client.post("rights", f"/cases/{world.cases[number]}/{step}", body, f"case-{number}-{step}")


async def _top_up(world: World, voyage: Voyage) -> None:
    """What the compensation took, within 20 working days."""
    officer = world.on(FIRST_DAY + timedelta(days=20))
    body = {"amount": {"minor": COMPENSATION, "currency": "CNY"}}
    await officer.post("docking", f"/enterprises/{world.enterprise(voyage)}/reserve/top-up", body, "top-up")


async def _close(world: World, number: int) -> None:
    clerk = world.on(FIRST_DAY + timedelta(days=30 + number)).as_role(Role.CLERK)
    body = {"outcome": "settled", "confirmed": True}
    await clerk.post("rights", f"/cases/{world.cases[number]}/closure", body, f"case-{number}-closure")
