"""Webhooks to a real receiver: signed, sent at least once under a stable id, given up after three days, and no way into our own network."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiohttp import ClientTimeout, web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared import pauses
from shared.delivery import outbox
from shared.notifications import deliveries, webhooks
from shared.notifications import sender as sending
from shared.notifications.sender import Sender
from shared.principals import Role
from shared.values import EnterpriseId, new_id
from tests.conftest import MakeDatabase
from tests.http.test_notifications import drawn, inbox, publish, shortfall
from tests.support.http import Client, serving
from tests.support.receivers import (
    ATTEMPTS,
    ENTERPRISE,
    Days,
    Receiver,
    a_sender,
    docking,
    opened,
    raw_server,
    receiver,
    receiving,
    send_all,
    states,
    status,
    well,
)
from tests.support.tables import tables_with
from tests.support.wait import until

__all__ = ["docking", "receiver"]


@pytest_asyncio.fixture(loop_scope="session")
async def rights(make_database: MakeDatabase) -> AsyncIterator[Client]:
    """Rights, likewise."""
    async with serving("rights", await make_database("rights"), endpoints_local=True) as service:
        yield service.speaking_as(Role.ENTERPRISE, party=ENTERPRISE)


async def secret_of(client: Client, endpoint: str) -> str:
    return str((await client.get(f"/endpoints/{endpoint}/secret")).body["secret"])


async def notify(client: Client, count: int = 1) -> None:
    for _ in range(count):
        await publish(client, drawn(ENTERPRISE))


# --- what is sent -----------------------------------------------------------------------------------------------------
async def test_a_message_is_signed_as_the_standard_has_it_and_holds_what_the_table_names(docking: Client, receiver: Receiver) -> None:
    endpoint = await opened(docking, receiver.url)
    await notify(docking)
    async with a_sender(docking) as sender:
        assert await send_all(sender) == 1
    (got,) = receiver.received
    payload = Webhook(await secret_of(docking, endpoint)).verify(got.body, got.headers)
    (event,) = await docking.published()
    assert got.id == str(event.id)
    assert payload.keys() == {"type", "timestamp", "data"}
    assert payload["type"] == "docking.ReserveDrawn.v1"
    named = {"event_id", "subject", "count", "enterprise", "case", "amount", "balance", "use", "due", "effective"}
    assert payload["data"].keys() == named
    assert payload["data"]["due"] == "2018-10-18"
    assert await states(docking, endpoint) == [("delivered", 1, 204, None)]
    with pytest.raises(WebhookVerificationError):
        Webhook(await secret_of(docking, endpoint)).verify(got.body + b" ", got.headers)


async def test_a_secret_that_the_caller_gives_signs(docking: Client, receiver: Receiver) -> None:
    given = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    await opened(docking, receiver.url, secret=given)
    await notify(docking)
    async with a_sender(docking) as sender:
        await send_all(sender)
    assert Webhook(given).verify(receiver.received[0].body, receiver.received[0].headers)


async def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone(docking: Client, receiver: Receiver) -> None:
    endpoint, days = await opened(docking, receiver.url), Days()
    old = await secret_of(docking, endpoint)
    assert (await docking.post(f"/endpoints/{endpoint}/rotation", {})).status == 200
    new = await secret_of(docking, endpoint)
    assert new != old
    async with a_sender(docking, days) as sender:
        await notify(docking)
        await send_all(sender)
        days.wait(hours=24, minutes=1)
        await notify(docking)
        await send_all(sender)
    first, second = (one.headers["webhook-signature"].split() for one in receiver.received)
    assert (len(first), len(second)) == (2, 1)
    got = receiver.received[0]
    assert Webhook(old).verify(got.body, got.headers)
    assert Webhook(new).verify(got.body, got.headers)
    late = {**receiver.received[1].headers, "webhook-timestamp": receiver.received[1].headers["webhook-timestamp"]}
    assert second == [sign(new, late, receiver.received[1].body)]


def sign(secret: str, headers: dict[str, str], body: bytes) -> str:
    """By the other library: its verify() would refuse a time of tomorrow."""
    moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    return str(Webhook(secret).sign(headers["webhook-id"], moment, body.decode()))


async def test_secrets_stand_nowhere_in_the_database_and_are_in_no_stored_answer(docking: Client, receiver: Receiver) -> None:
    given = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY="
    endpoint = await opened(docking, receiver.url, secret=given)
    await docking.post(f"/endpoints/{endpoint}/rotation", {})
    made = await secret_of(docking, endpoint)
    async with docking.database.connection() as conn:
        assert await tables_with(conn, [one.removeprefix("whsec_").lower()[:24] for one in (given, made)]) == []


async def test_several_of_a_kind_are_one_message_and_types_narrow_what_is_heard(rights: Client, receiver: Receiver) -> None:
    await opened(rights, receiver.url, types=["rights.WageShortfallDetected.v1"])
    await publish(rights, *[shortfall(ENTERPRISE) for _ in range(3)], drawn(ENTERPRISE))
    async with a_sender(rights) as sender:
        assert await send_all(sender) == 1
    payload = json.loads(receiver.received[0].body)
    assert (payload["type"], payload["data"]["count"], len(payload["data"]["subjects"])) == ("rights.WageShortfallDetected.v1", 3, 3)


# --- who hears --------------------------------------------------------------------------------------------------------
async def test_an_enterprise_never_hears_anothers(docking: Client, receiver: Receiver) -> None:
    other = docking.speaking_as(Role.ENTERPRISE, party=EnterpriseId(new_id()))
    endpoint = await opened(other, receiver.url)
    await notify(docking)
    async with a_sender(docking) as sender:
        assert await send_all(sender) == 0
    assert await states(other, endpoint) == []


async def test_an_office_hears_of_its_region(docking: Client, receiver: Receiver) -> None:
    gansu = docking.speaking_as(Role.CLERK, regions=("620000", "630000"))
    assert (await gansu.post("/endpoints", {"kind": "webhook", "address": receiver.url})).code == "REGION_MISSING"
    assert (await gansu.post("/endpoints", {"kind": "webhook", "address": receiver.url, "region": "370000"})).status == 403
    assert (await gansu.post("/endpoints", {"kind": "webhook", "address": receiver.url, "region": "CN"})).status == 403
    await opened(gansu, receiver.url, region="621100")
    await publish(docking, shortfall(ENTERPRISE, "621126"), shortfall(EnterpriseId(new_id()), "620102"))
    async with a_sender(docking) as sender:
        assert await send_all(sender) == 1


async def test_what_is_rolled_back_leaves_no_delivery(docking: Client, receiver: Receiver) -> None:
    endpoint = await opened(docking, receiver.url)

    async def fail() -> None:
        async with docking.database.transaction(docking.database.system_cause()) as tx:
            outbox.publish(tx, drawn(ENTERPRISE))
            await outbox.write_pending(tx)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await states(docking, endpoint) == []


async def test_nobody_sees_or_moves_anothers_endpoint_and_an_operator_only_switches_it_off(docking: Client, receiver: Receiver) -> None:
    endpoint = await opened(docking, receiver.url)
    strangers = [
        docking.speaking_as(Role.ENTERPRISE, party=new_id()),
        docking.speaking_as(Role.TRAINER, party=ENTERPRISE),
        docking.speaking_as(Role.OFFICER),
        docking.speaking_as(Role.CLERK),
    ]
    for stranger in strangers:
        assert (await stranger.get("/endpoints")).body["items"] == []
        for path in ("", "/secret", "/deliveries", "/history"):
            assert (await stranger.get(f"/endpoints/{endpoint}{path}")).code == "ENDPOINT_NOT_FOUND", path
        for path in ("/disable", "/enable", "/redelivery", "/deliveries/1/redelivery"):
            assert (await stranger.post(f"/endpoints/{endpoint}{path}")).code == "ENDPOINT_NOT_FOUND", path
        assert (await stranger.post(f"/endpoints/{endpoint}/rotation", {})).code == "ENDPOINT_NOT_FOUND"
    operator = docking.speaking_as(Role.OPERATOR)
    assert [one["endpoint"] for one in (await operator.get("/endpoints")).body["items"]] == [endpoint]
    assert (await operator.get(f"/endpoints/{endpoint}/secret")).status == 403
    assert (await operator.post(f"/endpoints/{endpoint}/enable")).status == 403
    assert (await operator.post(f"/endpoints/{endpoint}/disable")).body["state"] == "disabled"
    history = (await docking.get(f"/endpoints/{endpoint}/history")).body["items"]
    assert [(one["type"], one["actor"]) for one in history] == [
        ("EndpointOpened", "enterprise:tester"),
        ("EndpointDisabled", "operator:tester"),
    ]


async def test_an_officer_manages_the_endpoints_of_the_clerks_of_its_regions(docking: Client, receiver: Receiver) -> None:
    endpoint = await opened(docking.speaking_as(Role.CLERK, regions=("621126",)), receiver.url)
    province = docking.speaking_as(Role.OFFICER, regions=("620000",))
    assert [one["endpoint"] for one in (await province.get("/endpoints")).body["items"]] == [endpoint]
    assert (await province.post(f"/endpoints/{endpoint}/disable")).status == 200
    assert (await docking.speaking_as(Role.OFFICER, regions=("370000",)).get(f"/endpoints/{endpoint}")).status == 404


# --- at least once ----------------------------------------------------------------------------------------------------
async def test_a_sender_that_dies_between_sending_and_marking_sends_twice_under_one_id(docking: Client, receiver: Receiver) -> None:
    endpoint, days = await opened(docking, receiver.url), Days()
    await notify(docking)
    async with a_sender(docking, days) as dying, docking.database.connection() as conn:
        (taken,) = await deliveries.take(conn, days(), (), 10)
        assert (await dying._attempt(taken)).delivered
    async with a_sender(docking, days) as successor:
        assert await send_all(successor) == 0, "the lease still holds"
        days.wait(seconds=61)
        assert await send_all(successor) == 1
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert await states(docking, endpoint) == [("delivered", 2, 204, None)]


async def test_two_senders_share_the_work_and_send_nothing_twice(docking: Client, receiver: Receiver) -> None:
    await opened(docking, receiver.url)
    await notify(docking, 30)
    async with a_sender(docking) as one, a_sender(docking) as other:
        assert sum(await asyncio.gather(send_all(one), send_all(other))) == 30
    assert len({got.id for got in receiver.received}) == len(receiver.received) == 30


async def test_a_result_that_comes_after_another_sender_took_over_changes_nothing(docking: Client, receiver: Receiver) -> None:
    endpoint, days = await opened(docking, receiver.url), Days()
    await notify(docking)
    async with a_sender(docking, days) as sender, docking.database.connection() as conn:
        (zombie,) = await deliveries.take(conn, days(), (), 10)
        days.wait(seconds=61)
        assert await send_all(sender) == 1
        await deliveries.record(conn, zombie, webhooks.Outcome(delivered=False, error="timeout"), days(), new_id())
    assert await states(docking, endpoint) == [("delivered", 2, 204, None)]


# --- given up ---------------------------------------------------------------------------------------------------------
async def test_a_receiver_that_is_down_for_three_days_is_given_up_reported_and_sent_to_again_by_hand(
    docking: Client, receiver: Receiver
) -> None:
    endpoint, days = await opened(docking, receiver.url), Days()
    began, attempts, receiver.answering = days(), [], status(503)
    await notify(docking)
    async with a_sender(docking, days) as sender:
        while (await states(docking, endpoint))[0][0] == "waiting":
            attempts += [days() - began] * await send_all(sender)
            days.wait(minutes=10) if len(attempts) > 3 else days.wait(seconds=5)
        assert len(attempts) == ATTEMPTS
        assert timedelta(days=3) < attempts[-1] < timedelta(days=3, hours=12)
        assert await states(docking, endpoint) == [("dead", ATTEMPTS, 503, "status")]
        reported, _ = await inbox(docking, language="en")
        assert (reported["title"], reported["count"]) == ("Messages could not be delivered", 1)
        days.wait(days=1)
        assert await send_all(sender) == 0, "dead until somebody decides"
        receiver.answering = well
        assert (await docking.post(f"/endpoints/{endpoint}/redelivery")).body == {"redelivered": 1, "left": 0}
        assert await send_all(sender) == 1
    assert {got.id for got in receiver.received} == {receiver.received[0].id}
    assert (await states(docking, endpoint))[0][:3] == ("delivered", 1, 204)


async def test_what_an_endpoint_was_never_tried_with_is_given_up_with_the_rest(docking: Client, receiver: Receiver) -> None:
    endpoint, days, receiver.answering = await opened(docking, receiver.url), Days(), status(500)
    await notify(docking, 20)
    async with a_sender(docking, days) as sender:
        await send_all(sender)
        assert len(receiver.received) <= deliveries.AT_ONCE, "an endpoint that fails is paused"
        days.wait(days=4)
        async with docking.database.connection() as conn:
            given_up = await deliveries.keep_house(conn, days())
    assert given_up == 20
    assert {state for state, *_ in await states(docking, endpoint)} == {"dead"}


async def test_one_delivery_is_sent_again_by_hand_under_its_id(docking: Client, receiver: Receiver) -> None:
    endpoint = await opened(docking, receiver.url)
    await notify(docking)
    async with a_sender(docking) as sender:
        await send_all(sender)
        ((number, *_),) = [tuple(one.values()) for one in (await docking.get(f"/endpoints/{endpoint}/deliveries")).body["items"]]
        assert (await docking.post(f"/endpoints/{endpoint}/deliveries/{number}/redelivery")).body == {"redelivered": 1, "left": 0}
        again = await docking.post(f"/endpoints/{endpoint}/deliveries/{number}/redelivery")
        assert (again.status, again.code) == (409, "DELIVERY_UNDER_WAY")
        assert (await docking.post(f"/endpoints/{endpoint}/deliveries/{10**12}/redelivery")).code == "DELIVERY_NOT_FOUND"
        assert await send_all(sender) == 1
    assert [got.id for got in receiver.received] == [receiver.received[0].id] * 2


async def test_gone_switches_the_endpoint_off_and_its_owner_hears_of_it(docking: Client, receiver: Receiver) -> None:
    endpoint, receiver.answering = await opened(docking, receiver.url), status(410)
    await notify(docking)
    async with a_sender(docking) as sender:
        await send_all(sender)
        await notify(docking)
        assert await send_all(sender) == 0
    assert (await docking.get(f"/endpoints/{endpoint}")).body["state"] == "disabled"
    assert await states(docking, endpoint) == [("dead", 1, 410, "gone")]
    titles = [one["title"] for one in await inbox(docking, language="en")]
    assert "An endpoint was switched off" in titles
    receiver.answering = well
    assert (await docking.post(f"/endpoints/{endpoint}/enable")).body["state"] == "enabled"


async def test_what_waits_at_a_disabled_endpoint_goes_out_when_it_is_enabled(docking: Client, receiver: Receiver) -> None:
    endpoint = await opened(docking, receiver.url)
    await notify(docking)
    await docking.post(f"/endpoints/{endpoint}/disable")
    await notify(docking)  # while it is off nothing is queued
    async with a_sender(docking) as sender:
        assert await send_all(sender) == 0
        assert (await docking.post(f"/endpoints/{endpoint}/disable")).code == "ENDPOINT_ILLEGAL_STEP"
        await docking.post(f"/endpoints/{endpoint}/enable")
        assert await send_all(sender) == 1


async def test_a_receiver_that_asks_for_time_is_left_alone_for_it(docking: Client, receiver: Receiver) -> None:
    await opened(docking, receiver.url)
    days, receiver.answering = Days(), status(429, Retry_After="3600")
    await notify(docking)
    async with a_sender(docking, days) as sender:
        await send_all(sender)
        days.wait(minutes=59)
        assert await send_all(sender) == 0
        days.wait(minutes=2)
        assert await send_all(sender) == 1


@pytest.mark.parametrize("while_looking", [False, True])
async def test_an_endpoint_gets_its_next_ones_when_it_has_answered_though_nothing_is_committed(
    docking: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, *, while_looking: bool
) -> None:
    looked_in_vain, look = asyncio.Event(), Sender.round

    async def looking(sender: Sender) -> int:
        if not (taken := await look(sender)):
            looked_in_vain.set()
            if while_looking:
                await sender.settle()
        return taken

    async def late(_: web.Request) -> web.StreamResponse:
        await looked_in_vain.wait()
        return web.Response(status=204)

    monkeypatch.setattr(pauses, "IDLE_SECONDS", 3600.0)
    monkeypatch.setattr(Sender, "round", looking)
    receiver.answering = late
    await opened(docking, receiver.url)
    await notify(docking, 3 * deliveries.AT_ONCE)
    running = asyncio.create_task(sending.run(docking.database, docking.service.settings))
    await until(lambda: len(receiver.received) == 3 * deliveries.AT_ONCE)
    running.cancel()
    await asyncio.wait({running})


# --- hostile receivers ------------------------------------------------------------------------------------------------
async def outcome(docking: Client, url: str) -> tuple[str | None, float]:
    """(error, seconds) of one attempt."""
    endpoint, began = await opened(docking, url), time.monotonic()
    await notify(docking)
    async with a_sender(docking) as sender:
        await send_all(sender)
    return (await states(docking, endpoint))[0][3], time.monotonic() - began


async def test_a_redirect_is_not_followed(docking: Client, receiver: Receiver) -> None:
    async with receiving() as inside:
        receiver.answering = status(307, Location=inside.url)
        assert (await outcome(docking, receiver.url))[0] == "redirect"
        assert inside.received == []


async def test_an_endless_answer_is_not_read(docking: Client, receiver: Receiver) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=200)
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65_536)

    receiver.answering = endless
    error, seconds = await outcome(docking, receiver.url)
    assert error is None, "its head says that it arrived"
    assert seconds < 10


async def test_an_endless_head_and_garbage_are_no_answer(docking: Client) -> None:
    async def endless_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _part in range(200):
            writer.write(b"x" * 65_536)
            await writer.drain()

    async def garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xff220 smtp.example ESMTP\r\n\r\n")
        await writer.drain()

    for talk in (endless_head, garbage):
        async with raw_server(talk) as url:
            assert (await outcome(docking, url))[0] == "not_http"


async def test_a_receiver_that_drips_holds_up_nobody_else(docking: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT", ClientTimeout(total=3))
    dripping = asyncio.Event()

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dripping.set()
        for letter in b"HTTP/1.1 200 OK\r\n" * 100:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.2)

    async with raw_server(drip) as url:
        slow = await opened(docking, url)
        await notify(docking, 8)
        async with a_sender(docking) as sender:
            await sender.round()
            await dripping.wait()
            await opened(docking, receiver.url)
            await notify(docking, 3)

            async def arrived() -> bool:
                await sender.round()
                return len(receiver.received) == 3

            await until(arrived, seconds=2.5)
            assert slow in map(str, sender.in_hand), "it is still waited for"
            await sender.settle()
        assert ("waiting", 1, None, "timeout") in await states(docking, slow)


async def test_an_endpoint_that_fails_is_tried_by_one_at_a_time_also_after_a_redelivery_by_hand(
    docking: Client, receiver: Receiver
) -> None:
    endpoint, days = await opened(docking, receiver.url), Days()
    await notify(docking)
    async with a_sender(docking, days) as sender:
        await send_all(sender)
        receiver.answering = status(500)
        await notify(docking, 3)
        assert await send_all(sender) == 3
        days.wait(seconds=6)
        (delivered,) = (await docking.get(f"/endpoints/{endpoint}/deliveries", state="delivered")).body["items"]
        assert (await docking.post(f"/endpoints/{endpoint}/deliveries/{delivered['id']}/redelivery")).status == 200
        assert await sender.round() == 1


async def test_no_connection_is_made_into_a_private_network_whatever_the_name_resolves_to(docking: Client, receiver: Receiver) -> None:
    """Names and numbers are judged by the address that would be connected to, after the name was looked up."""
    port = receiver.url.rpartition(":")[2]
    endpoints = [await opened(docking, f"http://{host}:{port}") for host in ("localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]")]
    await notify(docking)
    async with a_sender(docking, local=False) as sender:
        await send_all(sender)
    assert receiver.received == []
    errors = {(await states(docking, endpoint))[0][3] for endpoint in endpoints}
    assert errors <= {"address_not_public", "name_not_found", "not_http"}
    assert (await states(docking, endpoints[0]))[0][3] == "address_not_public"


async def test_a_command_takes_as_many_statements_with_an_endpoint_as_without(docking: Client, receiver: Receiver) -> None:
    sent: list[str] = []
    for _ in range(3):
        await notify(docking)
    endpoint = await opened(docking, receiver.url)
    async with docking.database.transaction(docking.database.system_cause()) as tx:
        tx.conn.add_query_logger(lambda query: sent.append(query.query))
        outbox.publish(tx, *[drawn(ENTERPRISE) for _ in range(50)])
        await outbox.write_pending(tx)
    assert len([one for one in sent if "outbox" in one]) == 1
    assert len(sent) <= 2, sent
    assert len((await docking.get(f"/endpoints/{endpoint}/deliveries", limit=200)).body["items"]) == 50
