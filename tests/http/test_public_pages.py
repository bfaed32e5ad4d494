"""The public pages: what anybody reads without an account, and what nobody must be able to do to them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest
import pytest_asyncio

from console.web.public import sources
from shared.values import Destination
from tests.support.console import NO_SERVICE
from tests.support.docking import Dock, dock
from tests.support.http import Client
from tests.support.public_pages import Pages, public_pages
from tests.support.stats import RICH_EAST, counted, departure, dispatched, recorded
from tests.support.training import School, school
from tests.support.wait import until

__all__ = ["dock", "school"]

EAST, NORTH, WEST = RICH_EAST, "220102", "622427"
HOSTILE = '<script>alert("x")</script>'
FORMULA = "=cmd|'/c calc'!A1"


async def closed(stats: Client) -> None:
    """2018: two provinces that may be shown, one of which a month may not."""
    events = [
        dispatched(departure(county, date(2018, month, 2), destination=Destination("JPN" if county == EAST else "SGP")))
        for county, counts in {EAST: (20, 30), NORTH: (40, 25), WEST: (3, 15)}.items()
        for month, count in zip((5, 6), counts, strict=True)
        for _ in range(count)
    ]
    await counted(stats.database, [recorded(data) for data in events])
    stats.at = datetime(2019, 1, 31, tzinfo=UTC)
    assert (await stats.post("/periods/close", {"period": "2018"})).status == 201


@pytest_asyncio.fixture(loop_scope="session")
async def pages(stats: Client) -> AsyncIterator[Pages]:
    """Over stats alone, with one year closed."""
    await closed(stats)
    async with public_pages(stats) as reading:
        yield reading


# --- figures ------------------------------------------------------------------------------------------------------------------
async def test_a_closed_year_is_read_in_three_languages_without_cookie_or_script(pages: Pages) -> None:
    for language, word in (("zh", "项目概览"), ("en", "The programme at a glance"), ("ja", "事業の概要")):
        page = await pages.get(f"/public/{language}/")
        assert page.status == 200
        assert word in page.text
        assert page.headers["content-language"] == language
        assert "set-cookie" not in page.headers
        found = page.elements()
        assert not [tag for tag, given in found if tag == "script" or "style" in given or any(name.startswith("on") for name in given)]
        alternates = {given["hreflang"]: given["href"] for tag, given in found if tag == "link" and "hreflang" in given}
        assert alternates == {"zh": "/public/zh/", "en": "/public/en/", "ja": "/public/ja/", "x-default": "/public/"}


async def test_the_figures_of_a_page_are_those_of_the_public_view(pages: Pages) -> None:
    year = await pages.get("/public/en/2018/")
    assert year.status == 200
    assert "133" in year.text
    assert year.text.count('class="chart"') == 3
    table = await pages.get("/public/en/2018/dispatches/province.csv")
    shown = {row[0]: row[6:8] + row[-1:] for row in table.rows[1:]}
    assert shown == {
        "370000": ["left out", "left out", "50"],
        "220000": ["40", "25", "65"],
        "620000": ["left out", "left out", "18"],
        "": ["63", "70", "133"],
    }
    assert table.headers["content-disposition"] == 'attachment; filename="dispatches-2018-province.csv"'
    page = await pages.get("/public/zh/2018/dispatches/province")
    assert "山东省" in page.text
    assert page.text.count("不公布") >= 4


async def test_every_page_of_a_year_is_there_in_every_language(pages: Pages, stats: Client) -> None:
    offered = [(one["name"], by) for one in (await stats.get("/public/years")).body["measures"] for by in one["by"]]
    tables = {f"/public/{language}/2018/{name}/{by}" for language in ("zh", "en", "ja") for name, by in offered}
    linked: set[str] = set()
    for language in ("zh", "en", "ja"):
        year = await pages.get(f"/public/{language}/2018/")
        linked |= {
            str(given["href"])
            for tag, given in year.elements()
            if tag == "a" and str(given.get("href")).startswith(f"/public/{language}/2018/")
        }
    linked -= {f"/public/{language}/2018/" for language in ("zh", "en", "ja")}
    assert linked < tables
    assert "dispatches" in {path.split("/")[4] for path in linked}
    assert "verifications" not in {path.split("/")[4] for path in linked}, "none was recorded in any year"
    assert len(tables) > 3 * 20
    paths = [*tables, *(f"{path}.csv" for path in tables)]
    paths += [f"/public/{language}/{name}" for language in ("zh", "en", "ja") for name in ("", "method", "certificate")]
    assert {path: status for path in paths if (status := (await pages.get(path)).status) != 200} == {}


async def test_what_is_not_published_has_no_page(pages: Pages) -> None:
    missing = [
        "/public/en/2019/",
        "/public/en/2018/income/province",
        "/public/en/2018/dispatches/county",
        "/public/fr/",
        "/public/en/nothing",
    ]
    missing += [
        "/public/en/2018/dispatches",
        "/public/en/1/",
        "/public/en/2018/dispatches/province.csv/x",
        "/public/en/method.csv",
        "/publicly",
    ]
    assert {path: status for path in missing if (status := (await pages.get(path)).status) != 404} == {}
    page = await pages.get("/public/zh/2019/")
    assert "没有此页面" in page.text
    assert page.headers["cache-control"] == "no-store"


# --- as a program asks ----------------------------------------------------------------------------------------------------------
async def test_a_page_is_sent_once_and_then_said_to_be_the_same(pages: Pages) -> None:
    path = "/public/en/2018/"
    first = await pages.get(path)
    assert first.headers["cache-control"].startswith("public, max-age=")
    etag = first.headers["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        again = await pages.get(path, if_none_match=known)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert (await pages.get(path, if_none_match='"other"')).status == 200
    packed = await pages.get(path, accept_encoding="br, gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] != etag
    assert gzip.decompress(packed.body) == first.body
    head = await pages.get(path, method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(first.body)))


async def test_the_first_page_leads_to_the_language_that_is_asked_for(pages: Pages) -> None:
    cases = {"ja,en;q=0.5": "ja", "de": "en", "": "en", "zh-CN": "zh"}
    for asked, language in cases.items():
        answer = await pages.get("/public", accept_language=asked)
        assert (answer.status, answer.headers["location"]) == (302, f"/public/{language}/")
    assert (await pages.get("/public/?language=zh", accept_language="ja")).headers["location"] == "/public/zh/"
    assert (await pages.get("/public/en/2018/?language=ja")).headers["location"] == "/public/ja/2018/"
    assert (await pages.get("/public/en/2018/?language=tlh")).status == 200


async def test_only_reading_is_possible(pages: Pages) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await pages.get("/public/en/", method=method)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_no_page_can_be_framed_or_run_anything(pages: Pages) -> None:
    for path in ("/public/en/", "/public/", "/public/en/none", "/public/en/2018/dispatches/sex.csv"):
        answer = await pages.get(path)
        assert answer.headers["x-frame-options"] == "DENY"
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]


# --- what is kept -----------------------------------------------------------------------------------------------------------------
async def test_a_page_stays_as_it_was_read_while_stats_is_away_and_says_so(pages: Pages) -> None:
    address = pages.addresses["stats"]
    before = await pages.get("/public/en/2018/")
    pages.addresses["stats"] = NO_SERVICE
    away = "does not answer now"

    async def banner(*, there: bool) -> bool:
        page = await pages.get("/public/en/2018/")
        assert page.status == 200
        return (away in page.text) is there

    await until(lambda: banner(there=True))
    during = await pages.get("/public/en/2018/")
    assert "133" in during.text
    assert during.headers["etag"] != before.headers["etag"]
    assert (await pages.get("/public/en/")).status == 503, "nothing was kept of it"
    pages.addresses["stats"] = address
    await until(lambda: banner(there=False))
    assert (await pages.get("/public/en/")).status == 200


async def test_a_year_that_is_closed_again_is_published_again(pages: Pages, stats: Client) -> None:
    first = await pages.get("/public/en/2018/")
    second = stats.speaking_as(stats.who.role, subject="second")
    assert (await second.post("/periods/reopen", {"period": "2018", "reason": "late_reports", "explanation": "asked for"})).status == 200

    async def gone() -> bool:
        return (await pages.get("/public/en/2018/")).status == 404

    await until(gone)
    late = dispatched(departure(EAST, date(2018, 5, 9), destination=Destination("JPN")))
    await counted(stats.database, [recorded(late, date(2019, 1, 30))])
    assert (await stats.post("/periods/close", {"period": "2018"})).status == 201
    again = await pages.get("/public/en/2018/")
    assert "version 2" in again.text
    assert again.headers["etag"] != first.headers["etag"]


async def test_what_somebody_makes_up_is_not_kept(pages: Pages) -> None:
    await pages.get("/public/en/2018/")
    kept = len(pages.public.store._kept)
    for number in range(50):
        assert (await pages.get(f"/public/en/2018/?x={number}&y=1")).status == 200
        assert (await pages.get(f"/public/en/certificate?serial=TC{number:04d}")).status == 200
    assert len(pages.public.store._kept) == kept
    assert (await pages.get(f"/public/en/2018/?x={'a' * 5000}")).status == 404
    assert (await pages.get("/public/en/2018/?" + "&".join(f"x{n}=1" for n in range(60)))).status == 200
    assert (await pages.get("/public/en/certificate?serial=%ff%fe%00")).status == 200
    assert (await pages.get("/public/../../etc/passwd")).status == 404
    assert (await pages.get("/public/en/%2e%2e/%2e%2e/etc/passwd")).status == 404


# --- registers ----------------------------------------------------------------------------------------------------------------------
async def test_a_hostile_name_is_shown_as_text_and_run_by_no_spreadsheet(dock: Dock) -> None:
    for number, name in enumerate((HOSTILE, FORMULA, "+86 Labour", "@SUM(A1)", "Plain & Co")):
        await dock.enterprise(name=name, licence_no=f"LW37002015091{number}")
    async with public_pages(dock.client) as pages:
        page = await pages.get("/public/en/enterprises")
        assert page.status == 200
        assert not [tag for tag, _ in page.elements() if tag == "script"]
        assert "&lt;script&gt;" in page.text
        names = {row[1] for row in (await pages.get("/public/en/enterprises.csv")).rows[1:]}
        assert names == {HOSTILE, "'" + FORMULA, "'+86 Labour", "'@SUM(A1)", "Plain & Co"}
        found = await pages.get("/public/en/enterprises?wanted=" + quote("plain &"))
        assert "Plain &amp; Co" in found.text
        assert "@SUM" not in found.text
        none = await pages.get("/public/en/enterprises?wanted=" + quote(HOSTILE + "zzz"))
        assert not [tag for tag, _ in none.elements() if tag == "script"]
        assert "unlawfully" in none.text
        assert (await pages.get("/public/en/enterprises?page=2")).status == 404
        assert (await pages.get("/public/en/enterprises?page=-1")).status == 200


async def test_whoever_looks_for_something_asks_docking_no_more_than_everybody_does(dock: Dock) -> None:
    await dock.enterprise(name="Plain & Co", licence_no="LW370020150921")
    async with public_pages(dock.client, fresh_seconds=60) as pages:
        assert "Plain" in (await pages.get("/public/en/enterprises?wanted=plain")).text
        pages.addresses["docking"] = NO_SERVICE
        found = await asyncio.gather(*(pages.get(f"/public/en/enterprises?wanted=plain{'' if n % 2 else n}") for n in range(40)))
        assert {one.status for one in found} == {200}, "docking is asked once a minute, whatever is looked for"


async def test_checking_certificates_leaves_connections_to_those_who_work(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "AT_ONCE", 0)
    monkeypatch.setattr(sources, "WAIT_SECONDS", 0.01)
    async with public_pages(school.client) as pages:
        assert (await pages.get("/public/en/certificate?serial=TC201800000001")).status == 503


async def test_notices_name_the_enterprise_the_breach_and_the_penalty(dock: Dock) -> None:
    enterprise = await dock.enterprise(name=HOSTILE, licence_no="LW370020150919")
    notice = {
        "enterprise": enterprise,
        "breach": "deposit_taken",
        "penalty": "fine",
        "fine": {"minor": 5_000_000, "currency": "CNY"},
        "decision_no": "LW2018-7",
        "decided_on": "2018-02-20",
        "since": "2018-03-01",
    }
    assert (await dock.post("/notices", notice)).status == 201
    async with public_pages(dock.client) as pages:
        page = await pages.get("/public/zh/notices")
        assert page.status == 200
        assert "&lt;script&gt;" in page.text
        assert "50,000.00" in page.text
        (row,) = (await pages.get("/public/zh/notices.csv")).rows[1:]
        assert row[:2] == ["LW2018-7", HOSTILE]


async def test_where_a_calendar_is_played_registers_are_as_of_its_day_and_say_so(stats: Client, dock: Dock) -> None:
    await counted(stats.database, [recorded(dispatched(departure(EAST, date(2018, 5, 2))), date(2018, 6, 1))])
    await dock.enterprise(name="Plain & Co", valid_to="2019-12-31")
    async with public_pages(stats, dock.client, simulation=True) as pages:
        played = (await pages.get("/public/en/enterprises")).text
        assert "In it today is June 1, 2018." in played
        assert 'class="tag good"' in played
        assert "In force on June 1, 2018: 0" in (await pages.get("/public/en/notices")).text
    async with public_pages(stats, dock.client) as pages:
        today = (await pages.get("/public/en/enterprises")).text
        assert "simulated" not in today
        assert 'class="tag bad"' in today, "its licence has ended long since"


# --- certificates -------------------------------------------------------------------------------------------------------------------
async def test_a_certificate_is_checked_by_its_number_and_tells_nothing_of_the_person(school: School) -> None:
    match, serial = await school.certified()
    async with public_pages(school.client) as pages:
        page = await pages.get(f"/public/en/certificate?serial={serial.lower()}")
        assert serial in page.text
        assert str(match.worker) not in page.text
        assert "There is no certificate" in (await pages.get("/public/en/certificate?serial=TC201800099999")).text
        assert "twelve digits" in (await pages.get("/public/en/certificate?serial=" + quote(HOSTILE))).text
        await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud"})
        assert "Revoked on" in (await pages.get(f"/public/en/certificate?serial={serial}")).text
        pages.addresses["training"] = NO_SERVICE
        assert (await pages.get(f"/public/en/certificate?serial={serial}")).status == 503
