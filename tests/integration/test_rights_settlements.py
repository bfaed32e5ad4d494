"""Settlements out of the reserve: asked of docking by event, paid or refused once, whatever comes again, late or in another order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from shared.db import Cause
from shared.delivery.consumer import Reject
from shared.delivery.inbox import Bulk
from shared.events import (
    CaseEscalated,
    CaseSettled,
    CaseSettlementRefused,
    Event,
    ReserveDrawn,
    ReserveDrawRefused,
    ReserveDrawRequested,
    ReserveDrawWithdrawn,
)
from shared.principals import Role, system
from shared.values import CaseId, Clock, Currency, Money, SettlementId, new_id
from tests.support.http import service_of
from tests.support.recording import noon, recorded
from tests.support.rights import Office, office, yuan

__all__ = ["office"]
FROM_RESERVE: dict[str, Any] = {"amount": yuan(7800), "paid_by": "reserve"}


async def asked(office: Office, **changes: Any) -> tuple[str, ReserveDrawRequested]:
    """A case about wages, and what the reserve is asked for it."""
    placement = (await office.abroad()).placement
    body = {"category": "wages", "severity": "normal", "via": "worker", "text": "unpaid", "placement": str(placement), **changes}
    case = (await office.post("/cases", body)).body["case"]
    return case, await ask(office, case)


async def ask(office: Office, case: str) -> ReserveDrawRequested:
    answer = await office.post(f"/cases/{case}/settlement", FROM_RESERVE)
    assert (answer.status, answer.body["state"], answer.body["clock"]["waits_for"]) == (200, "settling", "first_answer")
    request: ReserveDrawRequested = (await office.published(ReserveDrawRequested))[-1]
    return request


def paid(of: ReserveDrawRequested, **changes: Any) -> Event:
    left = Money(minor=292_200_00, currency=Currency("CNY"))
    about = {"enterprise": of.enterprise, "effective": of.effective, "amount": of.amount, "balance": left, "use": of.use, "case": of.case}
    return ReserveDrawn.model_validate({**about, "due": of.effective, "settlement": of.settlement, **changes})


def refused(of: ReserveDrawRequested, reason: str = "reserve_too_small") -> Event:
    about = {"enterprise": of.enterprise, "effective": of.effective, "amount": of.amount, "balance": None, "case": of.case}
    return ReserveDrawRefused.model_validate({**about, "settlement": of.settlement, "reason": reason})


async def states(office: Office, case: str) -> tuple[str, list[str]]:
    """Of the case, and of its settlements."""
    file = (await office.get(f"/cases/{case}/file")).body
    return file["case"]["state"], [one["state"] for one in file["settlements"]]


async def test_the_reserve_pays_and_the_case_is_settled(office: Office) -> None:
    case, request = await asked(office)
    assert (str(request.case), str(request.amount), request.use) == (case, "7,800.00 CNY", "wages")
    assert await office.published(CaseSettled) == []
    await office.consume(paid(request))
    assert await states(office, case) == ("settled", ["paid"])
    [settled] = await office.published(CaseSettled)
    assert (settled.settlement, settled.amount, settled.paid_by) == (request.settlement, request.amount, "reserve")
    assert (await office.post(f"/cases/{case}/closure", {"outcome": "settled", "confirmed": True})).status == 200


async def test_the_reserve_refuses_and_the_case_is_back_at_the_offer_with_a_higher_office(office: Office) -> None:
    case, request = await asked(office)
    await office.consume(refused(request))
    assert await states(office, case) == ("offered", ["refused"])
    assert [one.reason for one in await office.published(CaseSettlementRefused)] == ["reserve_too_small"]
    assert [(one.level, one.cause) for one in await office.published(CaseEscalated)] == [("province", "reserve_refused")]
    again = await ask(office, case)
    assert again.settlement != request.settlement
    await office.consume(paid(again))
    assert await states(office, case) == ("settled", ["refused", "paid"])


async def test_a_refusal_is_published_also_where_no_office_is_above(office: Office) -> None:
    case, request = await asked(office)
    for _ in range(2):
        await office.post(f"/cases/{case}/escalation")
    await office.consume(refused(request))
    assert len(await office.published(CaseSettlementRefused)) == 1
    assert [one.cause for one in await office.published(CaseEscalated)] == ["officer", "officer"]


@pytest.mark.parametrize("answers", [("paid", "paid"), ("refused", "refused"), ("paid", "drawn_already"), ("refused", "paid")])
async def test_what_the_reserve_answers_again_changes_nothing(office: Office, answers: Sequence[str]) -> None:
    case, request = await asked(office)
    known = {"paid": paid(request), "refused": refused(request), "drawn_already": refused(request, "drawn_already")}
    await office.consume(known[answers[0]])
    before = (await states(office, case), len(await office.published(Event)))
    for answer in answers:
        await office.consume(known[answer])
    assert (await states(office, case), len(await office.published(Event))) == before


async def test_steps_wait_while_the_reserve_is_asked(office: Office) -> None:
    case, _ = await asked(office)
    for what, body in (
        ("settlement", {"amount": yuan(1), "paid_by": "employer"}),
        ("settlement", FROM_RESERVE),
        ("offer", {"amount": yuan(1), "offered_by": "employer", "text": "more"}),
        ("pause", {"reason": "court"}),
        ("closure", {"outcome": "withdrawn", "confirmed": True}),
        ("closure-request", {}),
    ):
        assert (await office.post(f"/cases/{case}/{what}", body)).code == "CASE_ILLEGAL_STEP", what
    assert (await office.post(f"/cases/{case}/answer", {"text": "the reserve is asked"})).status == 200


async def test_a_reserve_that_does_not_answer_is_listed_escalated_and_no_longer_asked(office: Office) -> None:
    case, request = await asked(office)
    assert (await office.get("/settlements/stuck")).body["items"] == []
    office.wait(7)  # five working days
    await office.sweep()
    [stuck] = (await office.get("/settlements/stuck")).body["items"]
    assert (stuck["settlement"], stuck["case"], stuck["state"]) == (str(request.settlement), case, "pending")
    gansu = office.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert (await office.get("/settlements/stuck", who=gansu)).body["items"] == []
    office.wait(7)
    await office.sweep()
    assert "draw" in {one.cause for one in await office.published(CaseEscalated)}
    assert (await office.post(f"/cases/{case}/settlement/withdrawal")).body["state"] == "offered"
    assert [one.settlement for one in await office.published(ReserveDrawWithdrawn)] == [request.settlement]
    assert (await office.post(f"/cases/{case}/settlement/withdrawal")).code == "SETTLEMENT_NOT_PENDING"
    assert (await office.get("/settlements/stuck")).body["items"] == []


async def test_every_order_in_which_answers_of_two_settlements_arrive_settles_the_case_once(office: Office) -> None:
    """The first is withdrawn while docking pays it, and put back there; the second is paid. Each is delivered twice."""
    for order in permutations(("first paid", "second paid", "first paid", "second paid", "first refused")):
        case, first = await asked(office)
        await office.post(f"/cases/{case}/settlement/withdrawal")
        second = await ask(office, case)
        known = {"first paid": paid(first), "second paid": paid(second), "first refused": refused(first, "withdrawn")}
        await office.consume(*(known[one] for one in order))
        assert await states(office, case) == ("settled", ["withdrawn", "paid"]), order
        settled = [one for one in await office.published(CaseSettled) if str(one.case) == case]
        assert [one.settlement for one in settled] == [second.settlement], order


@pytest.mark.parametrize("killed_after", range(4))
async def test_a_reaction_killed_at_any_of_its_statements_is_done_once_when_it_comes_again(office: Office, killed_after: int) -> None:
    case, request = await asked(office)
    before = len(await office.published(Event))
    with pytest.raises(Killed):
        await _consume_killed(office, paid(request), killed_after)
    assert (await states(office, case), len(await office.published(Event))) == (("settling", ["pending"]), before)
    await office.consume(paid(request), paid(request))
    assert (await states(office, case), len(await office.published(CaseSettled))) == (("settled", ["paid"]), 1)


class Killed(Exception):
    """The process ends here."""


async def _consume_killed(office: Office, event: Event, statements: int) -> None:
    """Apply the event as the consumer does, and end after so many statements, or before the commit."""
    apply, moment = service_of("rights").apply, noon(office.today)
    assert apply is not None
    assert not isinstance(apply, Bulk)
    async with office.client.database.transaction(Cause(principal=system("rights"), clock=Clock(moment))) as tx:
        conn, done = tx.conn, 0

        class Dying:
            def __getattr__(self, name: str) -> Any:
                method = getattr(conn, name)
                if name not in ("execute", "fetch", "fetchrow", "fetchval"):
                    return method

                async def counted(*arguments: Any) -> Any:
                    nonlocal done
                    if done >= statements:
                        raise Killed
                    done += 1
                    return await method(*arguments)

                return counted

        tx.conn = Dying()
        await apply(tx, [recorded(event, moment)])
        raise Killed


async def test_what_nobody_asked_for_is_set_aside_and_draws_by_hand_are_none_of_ours(office: Office) -> None:
    case, request = await asked(office)
    await office.consume(paid(request, settlement=None))
    for wrong in ({"settlement": SettlementId(new_id())}, {"case": CaseId(new_id())}):
        with pytest.raises(Reject, match="no_settlement"):
            await office.consume(paid(request, **wrong))
    assert await states(office, case) == ("settling", ["pending"])


async def test_the_reserve_pays_yuan_and_something(office: Office) -> None:
    body = {
        "category": "fees",
        "severity": "normal",
        "via": "worker",
        "text": "a deposit",
        "placement": str((await office.abroad()).placement),
    }
    case = (await office.post("/cases", body)).body["case"]
    for amount, code, field in (
        ({"minor": 100, "currency": "JPY"}, "SETTLEMENT_NOT_YUAN", "amount.currency"),
        ({"minor": 0, "currency": "CNY"}, "SETTLEMENT_NOT_POSITIVE", "amount.minor"),
        ({"minor": -1, "currency": "CNY"}, "INVALID", "amount"),
        ({"minor": 10**14, "currency": "CNY"}, "INVALID", "amount"),
    ):
        answer = await office.post(f"/cases/{case}/settlement", {"amount": amount, "paid_by": "reserve"})
        assert (answer.status, answer.code) == (422, code)
        assert answer.body["errors"][0]["field"].startswith(field)
    assert await office.published(ReserveDrawRequested) == []
    assert (await office.post(f"/cases/{case}/settlement", FROM_RESERVE)).status == 200
    assert [one.use for one in await office.published(ReserveDrawRequested)] == ["fee_refund"]
