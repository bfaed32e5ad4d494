"""Currencies that were withdrawn since: what was paid in them is counted, converted and audited like any other amount."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.stats import consumers
from services.stats.figures.freshness import SOURCES
from services.stats.queries import dead_letters
from services.stats.replay import audit
from shared.db import Database
from shared.events import RIGHTS, encode
from shared.settings import Settings
from tests.support.delivery import Raw, caught_up, consuming, write
from tests.support.http import Start
from tests.support.stats import cause, counted, dispatched, income, paid, recorded

WITHDRAWN = ("HRK", "BGN", "SLL", "ZWL", "MRO", "VEF", "STD", "ANG", "BYR", "LTL")


async def test_field_case_f9_a_log_with_withdrawn_currencies_is_counted_and_audited(
    kafka: str, config: Settings, database: Database
) -> None:
    reports = [income(dispatched(), paid(450_000, currency, "2014-05", date(2014, 6, 10))) for currency in WITHDRAWN]
    records = [Raw(encode(recorded(one)), one.subject.encode(), f"1.{number}") for number, one in enumerate(reports)]
    await write(kafka, config, *records, topic=RIGHTS)
    async with consuming(config, database, consumers.apply, service="stats", topics=SOURCES) as running:
        await caught_up(running)
    async with database.transaction(cause()) as tx:
        assert await dead_letters.get_parked_count(tx) == 0
    async with database.connection() as conn:
        checked = await audit.audit(config, conn)
    assert (checked.clean, checked.events) == (True, len(WITHDRAWN))


async def test_field_case_f9_rates_of_withdrawn_currencies_for_the_months_in_which_they_were_money(client: Start) -> None:
    stats = await client("stats")
    await counted(stats.database, [recorded(income(dispatched(), paid(90_000, "HRK", "2018-05")))])
    stats.at = datetime(2023, 8, 1, tzinfo=UTC)
    rates = [("HRK", "2018-05", "1.01"), ("MRO", "2017-06", "0.019"), ("VEF", "2018-03", "0.0001"), ("BGN", "2019-05", "3.9")]
    body = {
        "source": "SAFE",
        "rates": [{"currency": code, "month": month, "yuan_per_unit": rate, "exponent": 2} for code, month, rate in rates],
    }
    assert (await stats.post("/fx-rates", body)).status == 201
    answer = (await stats.get("/figures/income")).body
    assert (answer["total_cny"], answer["pending_fx"]) == (90_900, {})
    assert [(point["value"], point["currency"]) for point in answer["points"]] == [(90_000, "HRK")]


@pytest.mark.parametrize(("currency", "month"), [("HRK", "2023-02"), ("MRO", "2018-07"), ("LTL", "2015-01")])
async def test_field_case_f9_a_rate_after_the_last_day_of_a_currency_is_refused(client: Start, currency: str, month: str) -> None:
    stats = await client("stats")
    rate = {"currency": currency, "month": month, "yuan_per_unit": "1"}
    refused = await stats.post("/fx-rates", {"source": "SAFE", "rates": [rate]})
    assert (refused.status, refused.code) == (422, "CURRENCY_WITHDRAWN")
    assert (await stats.get("/fx-rates")).body == []
