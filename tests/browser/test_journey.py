"""A worker's whole way through the screens alone, by five roles: registered, matched, trained, cleared, abroad, paid, home again."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from playwright.async_api import Browser, FilePayload, expect

from console.api_client import ApiClient, wait_until_all_applied
from shared.principals import Role
from shared.texts import texts
from tests.browser.visiting import Visit, visit
from tests.support.journey import DEPARTED, FOUNDED, MATCHED, PAPERED, REGISTERED, RETURNED, TRAINED, Person, a_person

LAST = DEPARTED + timedelta(days=730)


@dataclass(slots=True, kw_only=True)
class Journey:
    """What the five of them know by the names that stand on the screens."""

    browser: Browser
    console: str
    client: ApiClient
    language: str
    destination: str
    occupation: str
    trained: date  # a day of its own: nobody teaches two sessions at a time
    enterprise: str = field(default_factory=lambda: f"威海国际 {secrets.token_hex(3)}")
    centre: str = field(default_factory=lambda: f"centre-{secrets.token_hex(4)}")
    licence_no: str = field(default_factory=lambda: f"LW3700201{secrets.randbelow(10**5):05d}")
    person: Person = field(default_factory=a_person)

    @asynccontextmanager
    async def as_role(self, role: Role, day: date) -> AsyncIterator[Visit]:
        """Somebody of that role at the console on that day, when every service knows what was done so far."""
        await wait_until_all_applied(self.client)
        party = {Role.ENTERPRISE: self.enterprise, Role.TRAINER: self.centre, Role.ASSESSOR: self.centre}.get(role)
        fields = {} if party is None else {"party": party}
        async with visit(self.browser, self.console, role, self.language, fields=fields) as who:
            await who.on_day(day)
            yield who


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "destination", "occupation", "trained"),
    [("zh", "JPN", "7212", TRAINED), ("en", "SGP", "7112", TRAINED + timedelta(days=1))],
)
async def test_a_worker_goes_abroad_and_comes_home_through_the_screens_alone(
    browser: Browser, console: str, client: ApiClient, language: str, destination: str, occupation: str, trained: date
) -> None:
    journey = Journey(
        browser=browser,
        console=console,
        client=client,
        language=language,
        destination=destination,
        occupation=occupation,
        trained=trained,
    )
    await _founded(journey)
    await _ordered(journey)
    worker_no = await _registered(journey)
    await _matched(journey)
    await _papered(journey)
    await _trained(journey)
    await _departed_and_paid(journey)
    await _returned(journey, worker_no)


async def _founded(journey: Journey) -> None:
    """An officer qualifies the enterprise and licenses the centre, which publishes a course and schedules a session."""
    async with journey.as_role(Role.OFFICER, FOUNDED) as officer:
        await officer.go("/enterprises")
        await officer.command("qualify_enterprise")
        await officer.fill(name=journey.enterprise, licence_no=journey.licence_no, valid_to="2025-12-31", scope="labour_cooperation")
        await officer.send()
        await officer.command("deposit_reserve")
        await officer.fill(amount__amount="3,000,000.00")
        await officer.send()
        await officer.go("/centres")
        await officer.command("license_centre")
        number = f"37{secrets.randbelow(1000):03d}"
        await officer.fill(centre=journey.centre, licence_no=number, region="370000", valid_from=FOUNDED.isoformat(), valid_to="2025-12-31")
        await officer.fill(capacity="100", trainers="local-trainer", assessors="local-assessor")
        await officer.send()
    async with journey.as_role(Role.TRAINER, FOUNDED) as trainer:
        await trainer.go("/courses")
        await trainer.command("publish_course")
        await trainer.fill(destination=journey.destination, occupation=journey.occupation, minimum_minutes="8")
        await trainer.send()
        await trainer.command("schedule_session")
        await trainer.fill(starts_on=journey.trained.isoformat(), ends_on=journey.trained.isoformat(), seats="5", trainer="local-trainer")
        await trainer.send()


async def _ordered(journey: Journey) -> None:
    async with journey.as_role(Role.ENTERPRISE, FOUNDED) as enterprise:
        await enterprise.go("/my-enterprise")
        await enterprise.command("open_job_order")
        await enterprise.fill(destination=journey.destination, occupation=journey.occupation, channel="labour_cooperation", positions="1")
        await enterprise.fill(wage__amount="8000", wage_period="month", term_months="24", employer="Sakura Construction KK")
        await enterprise.fill(expires="2019-12-31")
        await enterprise.send()


async def _registered(journey: Journey) -> str:
    """By a clerk, with the document seen, and willing. Returns the worker's number."""
    person = journey.person
    async with journey.as_role(Role.CLERK, REGISTERED) as clerk:
        await clerk.go("/workers")
        await clerk.command("register_worker")
        await clerk.fill(name=person.name, name_pinyin=person.name_pinyin, birth_date=person.birth_date.isoformat(), sex="male")
        await clerk.fill(county=person.county, education="3", occupations=journey.occupation, household_status="registered_poor")
        await clerk.send()
        await clerk.command("verify_worker")
        await clerk.fill(id_number=person.id_number)
        await clerk.send()
        await clerk.command("record_willingness")
        await clerk.fill(destinations=journey.destination, occupations=journey.occupation, family_consent="true")
        await clerk.send()
        heading = await clerk.page.locator("h1").inner_text()
    return next(word for word in heading.split() if word.startswith("W0"))


async def _matched(journey: Journey) -> None:
    async with journey.as_role(Role.ENTERPRISE, MATCHED) as enterprise:
        await enterprise.go("/orders")
        await enterprise.row(journey.destination)
        await enterprise.command("propose_matches")
        await enterprise.fill(n="1")
        await enterprise.send()
        await enterprise.command("accept_match")
        await enterprise.send()


async def _papered(journey: Journey) -> None:
    async with journey.as_role(Role.ENTERPRISE, PAPERED) as enterprise:
        await enterprise.placement()
        await enterprise.command("register_contract")
        await enterprise.fill(contract_no=f"E2E-{secrets.token_hex(4)}", wage__amount="8000", wage_period="month", pay_day="10")
        await enterprise.fill(deductions_max__amount="500", start=DEPARTED.isoformat(), end=LAST.isoformat())
        await enterprise.send()
        await enterprise.command("bind_insurance")
        ends = (LAST + timedelta(days=70)).isoformat()
        await enterprise.fill(insurer="China Accident", policy_no=secrets.token_hex(4), valid_from=PAPERED.isoformat(), valid_to=ends)
        await enterprise.send()
        await enterprise.command("record_medical")
        await enterprise.fill(examined_on=PAPERED.isoformat(), result="fit", place="Dingxi No. 1 hospital")
        await enterprise.send()
        await enterprise.command("request_clearance")
        await enterprise.fill(planned_departure=DEPARTED.isoformat())
        await enterprise.send()


async def _trained(journey: Journey) -> None:
    """Eight hours by the sheet, assessed by somebody else, certified."""
    async with journey.as_role(Role.TRAINER, journey.trained) as trainer:
        await trainer.go("/sessions")
        await trainer.row(journey.destination)
        session = trainer.path
        await trainer.go(f"{session}/attendance")
        await trainer.page.locator("main table input").first.fill("8")
        await trainer.send()
    async with journey.as_role(Role.ASSESSOR, journey.trained) as assessor:
        await assessor.go(f"{session}/assessment")
        await assessor.page.locator("main table input").first.fill("80")
        await assessor.send()
    async with journey.as_role(Role.TRAINER, journey.trained) as trainer:
        await trainer.go(f"{session}/certificates")
        await trainer.page.locator("main form [type=checkbox]").first.check()
        await trainer.send()


async def _departed_and_paid(journey: Journey) -> None:
    async with journey.as_role(Role.ENTERPRISE, DEPARTED) as enterprise:
        await enterprise.placement()
        paper = await enterprise.page.request.get(f"{journey.console}/papers/clearance/{enterprise.path.rpartition('/')[2]}")
        assert (await paper.body()).startswith(b"%PDF-")
        await enterprise.command("record_departure")
        await enterprise.fill(departed_on=DEPARTED.isoformat(), port="CNSHA", visa="work", evidence="exit_stamp")
        await enterprise.send()
    paid_on = date(2019, 4, 10)
    async with journey.as_role(Role.ENTERPRISE, paid_on) as enterprise:
        await enterprise.placement()
        await enterprise.command("report_income")
        await enterprise.fill(period="2019-03", amounts__gross__amount="8000", amounts__deductions__amount="0", amounts__net__amount="8000")
        await enterprise.fill(amounts__paid_on=paid_on.isoformat())
        await enterprise.send()
        await expect(enterprise.page.locator("main")).to_contain_text(texts(enterprise.language).period("2019-03"))
        await _pay_by_file(enterprise, enterprise.path.rpartition("/")[2])


async def _pay_by_file(enterprise: Visit, placement: str) -> None:
    """April's wages as a payroll: checked, then reported."""
    rows = f"placement,period,gross,deductions,net,currency,paid_on\n{placement},2019-04,8000,0,8000,CNY,2019-04-10\n"
    await enterprise.go("/payrolls")
    for step in ("check", "enter"):
        file = FilePayload(name="payroll.csv", mimeType="text/csv", buffer=rows.encode())
        await enterprise.page.locator("[type=file]").set_input_files(file)
        async with enterprise.page.expect_response(lambda answer: answer.request.method == "POST") as sent:
            await enterprise.page.locator(f'[name=step][value="{step}"]').click()
        assert (await sent.value).status == 200
        await expect(enterprise.page.locator("#upload-result h2").first).to_be_visible()
    await enterprise.go(f"/placements/{placement}")
    await expect(enterprise.page.locator("main")).to_contain_text(texts(enterprise.language).period("2019-04"))


async def _returned(journey: Journey, worker_no: str) -> None:
    async with journey.as_role(Role.ENTERPRISE, RETURNED) as enterprise:
        await enterprise.placement()
        await enterprise.command("record_return")
        await enterprise.fill(returned_on=RETURNED.isoformat(), reason="completed")
        await enterprise.send()
        await expect(enterprise.page.locator("h1")).to_contain_text(worker_no)
        await expect(enterprise.page.locator("h1 .tag")).to_have_attribute("data-value", "returned")
