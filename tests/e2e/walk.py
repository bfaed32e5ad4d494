"""The whole way of one worker, and what was met on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from console.api_client import ApiClient, wait_until_all_applied
from shared.principals import Role
from tests.support import journey
from tests.support.journey import DEPARTED, TRAINED, Person, Venture, label

MARCH_WAGE = 800_000 * 28 // 31  # from the 4th on
SWEPT = date(2019, 7, 15)  # May's wage was due on 10 June, and is missing 30 days later


@dataclass(frozen=True, slots=True)
class Walked:
    """What the journey met on its way, as it was then."""

    venture: Venture
    person: Person
    worker: str
    placement: str
    case: str
    before: dict[str, Any]  # the ministry's report
    after: dict[str, Any]
    requested: dict[str, Any]  # the placement when clearance was asked for,
    cleared: dict[str, Any]  # when training had answered,
    returned: dict[str, Any]  # and at the end
    willing_abroad: str
    short: dict[str, Any]  # the ledger when March was paid short,
    missing: dict[str, Any]  # and when May was not reported

    def grown(self, year: str, figure: str) -> int:
        """By how much the journey raised a year's figure."""
        return int(self.after["years"][year][figure]) - int(self.before["years"][year][figure])


async def walk(client: ApiClient) -> Walked:
    """The whole way of one worker."""
    before = await journey.report(client)
    venture, person = await journey.founded(Venture(client)), journey.a_person()
    worker = await journey.registered(venture, person)
    await wait_until_all_applied(client)
    placement = await journey.accepted(venture, (await journey.proposed(venture, worker))["match"])
    requested = await journey.papered(venture, placement)
    await wait_until_all_applied(client)
    await journey.certified(venture, placement)
    await wait_until_all_applied(client)
    cleared = await shown(venture, placement, TRAINED)
    await journey.departed(venture, placement)
    await wait_until_all_applied(client)
    worker_abroad = await venture.on(DEPARTED).get("registration", f"/workers/{worker}")
    short, missing = await wages(venture, placement)
    case = await complaint(venture, placement)
    returned = await journey.returned(venture, placement)
    await wait_until_all_applied(client)
    return Walked(
        venture,
        person,
        worker,
        placement,
        case,
        before,
        await journey.report(client),
        requested,
        cleared,
        returned,
        worker_abroad["willingness"],
        short,
        missing,
    )


async def shown(venture: Venture, placement: str, day: date) -> dict[str, Any]:
    return dict(await venture.on(day).get("docking", f"/placements/{placement}"))


async def wages(venture: Venture, placement: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """March paid short and made good, April paid, May not reported. The ledger after the first, and after the last."""
    officer, ledger = venture.on(SWEPT), f"/placements/{placement}/ledger"
    march = await journey.reported(venture, placement, "2019-03", MARCH_WAGE * 6 // 10, date(2019, 4, 10))
    await venture.on(date(2019, 4, 12), Role.OPERATOR).post("rights", "/sweep", None, label())  # its pay day is over
    short = await officer.get("rights", ledger)
    full = {"reason": "misreported", "amounts": journey.amounts(MARCH_WAGE, date(2019, 4, 20))}
    await venture.on(date(2019, 4, 21)).post("rights", f"/incomes/{march}/correction", full, label())
    await journey.reported(venture, placement, "2019-04", journey.WAGE, date(2019, 5, 10))
    operator = venture.on(SWEPT, Role.OPERATOR)
    while (await operator.post("rights", "/sweep", None, label()))["acted"]:
        pass
    return dict(short), dict(await officer.get("rights", ledger))


async def complaint(venture: Venture, placement: str) -> str:
    """Opened and settled."""
    body = {"category": "wages", "severity": "normal", "via": "worker", "placement": placement, "text": "May has not been paid."}
    case = (await venture.on(SWEPT, Role.CLERK).post("rights", "/cases", body, label()))["case"]
    clerk, paid = venture.on(date(2019, 7, 20), Role.CLERK), {"amount": {"minor": 450_000, "currency": "CNY"}, "paid_by": "employer"}
    await clerk.post("rights", f"/cases/{case}/settlement", paid, label())
    await clerk.post("rights", f"/cases/{case}/closure", {"outcome": "settled", "confirmed": True}, label())
    return str(case)
