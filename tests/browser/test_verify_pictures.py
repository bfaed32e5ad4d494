"""`/verify` reads a certificate off a picture and through a camera: the browser's pretended one, with a film of a real paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.browser.test_verify import Border, border, facts, officer, verdict
from tests.browser.visiting import open_browser
from tests.support.pictures import Pixels, code_on, film, page_of, png

__all__ = ["border"]
PRETENDED = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"


async def paper_of(border: Border) -> bytes:
    cleared = await border.dock.cleared()
    answer = await border.dock.get(f"/placements/{cleared['placement']}/clearance.pdf")
    assert answer.status == 200
    return answer.body  # type: ignore[no-any-return]


async def hand_in(page: Page, picture: bytes, kind: str = "image/png") -> str:
    await page.locator("#file").set_input_files({"name": "picture", "mimeType": kind, "buffer": picture})
    return await verdict(page)


@asynccontextmanager
async def at_the_camera(border: Border, *flags: str) -> AsyncIterator[Page]:
    """Somebody who has pressed the button."""
    async with open_browser(*flags) as browser, officer(browser, border) as page:
        await page.locator("#camera").click()
        yield page


async def test_the_code_is_read_off_a_picture_of_it_a_scan_of_the_page_and_a_crooked_photo(browser: Browser, border: Border) -> None:
    paper = await paper_of(border)
    scan = page_of(paper, 200)
    async with officer(browser, border) as page:
        for picture in (code_on(scan), scan, page_of(paper, 300), turned(scan)):
            await page.reload()
            assert await hand_in(page, png(picture)) == "valid"
            assert "JPN" in await facts(page)


def turned(scan: Pixels) -> Pixels:
    """Upside down and paler, as held in a hand under a lamp."""
    return scan[::-1, ::-1] // 2 + 90


async def test_a_picture_without_a_code_a_broken_one_and_a_huge_one_are_refused_with_what_to_do(browser: Browser, border: Border) -> None:
    blank = page_of(await paper_of(border), 20)
    async with officer(browser, border) as page:
        for picture in (png(blank), b"\x89PNG\r\n\x1a\n" + b"\xff" * 500, b"", b"x" * (20 * 1024 * 1024 + 1)):
            await page.reload()
            assert await hand_in(page, picture) == "unreadable"
            assert "Take the picture" in await page.locator("[data-verdict]:visible").inner_text()


async def test_a_code_is_read_without_a_network(browser: Browser, border: Border) -> None:
    code = png(code_on(page_of(await paper_of(border), 200)))
    async with officer(browser, border) as page:
        await expect(page.locator("#kept")).to_be_visible()
        await border.close()
        await page.goto("/verify")
        assert await hand_in(page, code) == "valid-offline"


async def test_the_camera_reads_the_code_and_is_off_again(border: Border, tmp_path: Path) -> None:
    shown = tmp_path / "paper.y4m"
    shown.write_bytes(film(code_on(page_of(await paper_of(border), 200))))
    async with at_the_camera(border, PRETENDED, ALLOWED, f"--use-file-for-fake-video-capture={shown}") as page:
        assert await verdict(page) == "valid"
        assert "JPN" in await facts(page)
        assert await page.locator("video").evaluate("one => one.srcObject === null"), "nothing is filmed any more"
        await expect(page.locator("#camera")).to_be_visible()


async def test_the_camera_can_be_stopped_while_it_sees_no_code(border: Border) -> None:
    async with at_the_camera(border, PRETENDED, ALLOWED) as page:
        await expect(page.locator("#looking")).to_be_visible()
        await page.locator("#stop").click()
        await expect(page.locator("#looking")).to_be_hidden()
        assert await page.locator("video").evaluate("one => one.srcObject === null")
        await expect(page.locator("[data-verdict]:visible")).to_have_count(0)


async def test_the_camera_is_off_once_something_else_is_checked(border: Border) -> None:
    code = png(code_on(page_of(await paper_of(border), 200)))
    async with at_the_camera(border, PRETENDED, ALLOWED) as page:
        await expect(page.locator("#looking")).to_be_visible()
        assert await hand_in(page, code) == "valid"
        assert await page.locator("video").evaluate("one => one.srcObject === null")
        await page.locator("#camera").click()
        await expect(page.locator("#looking")).to_be_visible()
        await page.locator("button.main").click()
        assert await verdict(page) == "valid"
        assert await page.locator("video").evaluate("one => one.srcObject === null")


async def test_a_camera_that_is_stopped_before_it_shows_anything_is_off(border: Border) -> None:
    async with open_browser(PRETENDED, ALLOWED) as browser, officer(browser, border) as page:
        await page.evaluate(STOP_AT_ONCE)
        await page.locator("#camera").click()
        await expect(page.locator("#stop")).to_have_attribute("data-pressed", "1")
        await expect(page.locator("#looking")).to_be_hidden()
        assert await page.locator("video").evaluate("one => one.srcObject === null")


STOP_AT_ONCE = """() => {
    const play = HTMLMediaElement.prototype.play, stop = document.querySelector("#stop");
    HTMLMediaElement.prototype.play = function () {
        const playing = play.call(this);
        stop.click();
        stop.dataset.pressed = "1";
        return playing;
    };
}"""


async def test_one_camera_is_asked_for_however_often_the_button_is_pressed(border: Border) -> None:
    async with open_browser(PRETENDED, ALLOWED) as browser, officer(browser, border) as page:
        asked = await page.evaluate(PRESS_TWICE)
        await expect(page.locator("#looking")).to_be_visible()
        assert asked == 1


PRESS_TWICE = """() => {
    const ask = navigator.mediaDevices.getUserMedia, button = document.querySelector("#camera");
    let asked = 0;
    navigator.mediaDevices.getUserMedia = function (wanted) { asked += 1; return ask.call(this, wanted); };
    button.click();
    button.click();
    return asked;
}"""


async def test_a_button_stays_where_it_is_pressed_when_the_page_says_that_it_is_kept(border: Border) -> None:
    async with open_browser(PRETENDED, ALLOWED) as browser, officer(browser, border) as page:
        kept = page.locator("#kept")
        await expect(kept).to_be_visible()
        await kept.evaluate("one => { one.hidden = true; addEventListener('mousedown', () => (one.hidden = false)); }")
        await page.locator("#camera").click()
        await expect(page.locator("#looking")).to_be_visible()


async def test_a_camera_that_is_refused_and_one_that_is_not_there_are_told_apart(border: Border) -> None:
    async with at_the_camera(border, PRETENDED, f"{ALLOWED}=deny") as page:
        assert await verdict(page) == "camera-refused"
    async with at_the_camera(border, ALLOWED) as page:
        assert await verdict(page) == "no-camera"
