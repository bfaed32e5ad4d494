"""What a clerk's and a centre's pages do by script: lists sent, also while the connection is lost; and that nothing bars anybody."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Route, expect

from console.api_client import ApiClient
from shared.principals import Role
from tests.browser.visiting import visit
from tests.support.registration import a_list_of, a_row, an_id, as_csv

PAGES = (
    "/workers",
    "/do/registration/register_worker?back=/workers",
    "/lookup",
    "/duplicates",
    "/imports",
    "/supply",
    "/surveys",
    "/surveys/coverage",
    "/announcements",
    "/corrections",
    "/sessions",
    "/courses",
    "/training/backlog",
    "/training/needs",
    "/training/pass-rates",
    "/centres",
    "/certificates",
)


@pytest.fixture
def worker_list(tmp_path: Path) -> Path:
    """Twenty rows, the last of which is wrong."""
    path = tmp_path / "workers.csv"
    path.write_bytes(as_csv([*a_list_of(19), a_row(name="钱错", education="wizard")]))
    return path


async def test_a_list_is_checked_then_entered_without_choosing_it_again(browser: Browser, console: str, worker_list: Path) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go("/imports")
        await clerk.page.locator("#file").set_input_files(worker_list)
        await clerk.page.locator("[value=check]").click()
        result = clerk.page.locator("#upload-result")
        await expect(result).to_contain_text("20 rows: 19 right, 1 refused, 0 entered before.")
        await expect(result.locator("tbody tr").first).to_contain_text("21")
        await clerk.page.locator("[value=enter]").click()
        await expect(result).to_contain_text("Entered")
        await expect(result).to_contain_text("Completed")


async def test_a_list_sent_while_the_connection_is_lost_is_sent_again_by_itself(browser: Browser, console: str, worker_list: Path) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go("/imports")
        await clerk.page.locator("#file").set_input_files(worker_list)
        await clerk.page.context.set_offline(True)
        await clerk.page.locator("[value=check]").click()
        await expect(clerk.page.locator(".sending")).to_contain_text("sent again by itself")
        await clerk.page.context.set_offline(False)
        await expect(clerk.page.locator("#upload-result")).to_contain_text("20 rows:", timeout=15_000)
        await expect(clerk.page.locator(".sending")).to_be_hidden()


async def test_the_annotated_list_is_downloaded_and_the_file_stays_chosen(browser: Browser, console: str, worker_list: Path) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go("/imports")
        await clerk.page.locator("#file").set_input_files(worker_list)
        async with clerk.page.expect_download() as download:
            await clerk.page.locator("[value=annotated]").click()
        assert (await download.value).suggested_filename == "annotated.xlsx"
        assert await clerk.page.locator("#file").evaluate("input => input.files.length") == 1


async def test_what_is_typed_while_a_form_is_being_sent_stays(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go("/do/registration/register_worker?back=/workers")
        answered = asyncio.Event()

        async def hold(route: Route) -> None:
            await answered.wait()
            await route.continue_()

        await clerk.page.route("**/do/**", hold)
        await clerk.page.locator("main button.main").click()
        await clerk.page.locator("[name=name]").fill("王小红")
        answered.set()
        await expect(clerk.page.locator(".problem")).to_be_visible()
        await expect(clerk.page.locator('[data-field="education"] .error')).to_be_visible()
        assert await clerk.page.locator("[name=name]").input_value() == "王小红"


async def test_an_identity_number_fills_in_birth_date_and_sex_where_nobody_did(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go("/do/registration/register_worker?back=/workers")
        await clerk.fill(id_number=an_id(date(1995, 3, 4), "female"))
        born, sex = clerk.page.locator("[name=birth_date]"), clerk.page.locator("[name=sex]")
        assert (await born.input_value(), await sex.input_value()) == ("1995-03-04", "female")
        in_words = clerk.page.locator('[data-field="birth_date"] output')  # the field itself is in the language of the browser
        await expect(in_words).to_have_text("March 4, 1995")
        await clerk.fill(id_number=an_id(date(1990, 5, 6), "male"))  # put right: what the first one filled in follows it
        assert (await born.input_value(), await sex.input_value()) == ("1990-05-06", "male")
        await clerk.fill(birth_date="1991-01-01", id_number=an_id(date(1990, 5, 7), "male"))
        assert await born.input_value() == "1991-01-01"
        await expect(in_words).to_have_text("January 1, 1991")


@pytest.mark.parametrize("narrow", [False, True])
async def test_a_clerks_and_a_centres_pages_have_no_serious_barrier_and_do_not_scroll_sideways(
    browser: Browser, console: str, narrow: bool
) -> None:
    found = {}
    async with visit(browser, console, Role.OFFICER, "zh", narrow=narrow) as officer:
        for path in PAGES:
            await officer.go(path)
            wide = await officer.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            if barriers := [*await officer.serious_barriers(), *(["scrolls sideways"] if wide else [])]:
                found[path] = barriers
    assert not found


async def test_a_centre_logs_in_by_its_name_and_schedules_a_session(browser: Browser, console: str, client: ApiClient) -> None:
    today = date.today()  # noqa: DTZ011  # any day near
    licence = {
        "centre": "Lanzhou school",
        "licence_no": "62017",
        "region": "620000",
        "valid_from": (today - timedelta(days=100)).isoformat(),
        "valid_to": (today + timedelta(days=900)).isoformat(),
        "capacity": 100,
        "trainers": ["local-trainer"],
        "assessors": ["local-assessor"],
    }
    await client.as_role(Role.OFFICER).post("training", "/centres", licence, "licence-of-lanzhou-school")
    async with visit(browser, console, Role.TRAINER, "en", fields={"party": "Lanzhou school"}) as trainer:
        await trainer.go("/do/training/publish_course?back=/courses")
        await trainer.fill(destination="mongolia", occupation="bricklayers", minimum_minutes="24")
        await trainer.send()
        await trainer.page.locator('a[href*="schedule_session"]').first.click()
        start = today + timedelta(days=10)
        await trainer.fill(
            starts_on=start.isoformat(), ends_on=(start + timedelta(days=4)).isoformat(), seats="20", trainer="local-trainer"
        )
        await trainer.send()
        await expect(trainer.page.locator("h1")).to_contain_text("Mongolia, Bricklayers")
        await expect(trainer.page.get_by_role("link", name="Attendance")).to_have_count(0)  # of nobody
        await trainer.go(f"{urlsplit(trainer.page.url).path}/attendance")
        await expect(trainer.page.locator("main")).to_contain_text("Nobody is enrolled who is not assessed yet.")


SHEET = """
<form><table data-sheet>
<thead><tr><th>Learner</th><th><button type="button" data-fill="monday" data-value="8">all 8</button></th></tr></thead>
<tbody>
<tr><th>a</th><td><input type="text" name="monday.a"></td></tr>
<tr><th>b</th><td><input type="text" name="monday.b"></td></tr>
<tr><th>c</th><td><input type="text" name="monday.c"></td></tr>
</tbody></table></form>
"""


async def test_a_sheet_is_filled_in_without_a_mouse(browser: Browser, console: str) -> None:
    """By the page's own script, on a sheet of three learners put into a page."""
    async with visit(browser, console, Role.TRAINER, fields={}) as trainer:
        await trainer.page.locator("#content").evaluate("(main, html) => { main.innerHTML = html }", SHEET)
        cells = trainer.page.locator("[data-sheet] td input")
        await cells.nth(0).focus()
        await trainer.page.keyboard.type("7:30")
        await trainer.page.keyboard.press("Enter")
        await expect(cells.nth(1)).to_be_focused()
        await trainer.page.keyboard.press("ArrowUp")
        await expect(cells.nth(0)).to_be_focused()
        await trainer.page.locator("[data-fill]").press("Enter")
        assert [await cell.input_value() for cell in await cells.all()] == ["7:30", "8", "8"]
