"""Announcements, the people they reached, and the registrations that came of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.registration.domain.announcements import format_announcement_no
from shared import events, reference
from shared.principals import Role
from tests.support.http import Answer, Client
from tests.support.registration import WELL_KNOWN_COUNTY, a_list_of, a_row, a_worker, as_csv

NEIGHBOUR = "621121"


def an_announcement(**changes: Any) -> dict[str, Any]:
    return {
        "title": "2018年春季赴日务工宣讲",
        "counties": [WELL_KNOWN_COUNTY, NEIGHBOUR],
        "channels": ["wechat", "village_meeting"],
        "languages": ["zh", "bo"],
        "published_on": "2018-03-01",
    } | changes


async def announced(registration: Client, **changes: Any) -> dict[str, Any]:
    answer = await registration.post("/announcements", an_announcement(**changes))
    assert answer.status == 201, answer.body
    body: dict[str, Any] = answer.body
    return body


async def reached(registration: Client, announcement: str, **changes: Any) -> Answer:
    body = {"county": WELL_KNOWN_COUNTY, "channel": "wechat", "reached": 200, "on": "2018-03-05"} | changes
    return await registration.post(f"/announcements/{announcement}/outreach", body)


async def heard(registration: Client, number: str, channel: str = "wechat", **changes: Any) -> Answer:
    return await registration.post("/workers", a_worker().body(outreach={"announcement": number, "channel": channel}, **changes))


async def published(registration: Client, *kinds: type[events.Event]) -> list[Any]:
    return [event.data for event in await registration.published() if isinstance(event.data, kinds)]


def an_officer(registration: Client) -> Client:
    return registration.speaking_as(Role.OFFICER)


# --- announcements --------------------------------------------------------------------------------------------------------
async def test_an_announcement_is_published_with_counties_channels_and_languages(registration: Client) -> None:
    body = await announced(registration, counties=[WELL_KNOWN_COUNTY, NEIGHBOUR, NEIGHBOUR])
    assert (body["announcement_no"][0], body["counties"], body["reached"]) == ("A", [NEIGHBOUR, WELL_KNOWN_COUNTY], 0)
    [event] = await published(registration, events.AnnouncementPublished)
    assert (event.counties, event.channels, event.languages) == (
        (NEIGHBOUR, WELL_KNOWN_COUNTY),
        ("wechat", "village_meeting"),
        ("zh", "bo"),
    )
    assert event.effective == date(2018, 3, 1)
    assert "title" not in event.model_dump()  # free text stays here
    path = f"/announcements/{body['announcement']}"
    assert (await registration.get(path)).body == body
    assert [one["type"] for one in (await registration.get(f"{path}/history")).body["items"]] == ["AnnouncementPublished"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"published_on": "2018-06-02"}, "IN_FUTURE", "published_on"),
        ({"published_on": "1989-12-31"}, "BEFORE_THE_STATISTICS", "published_on"),
        ({"counties": []}, "INVALID", "counties"),
        ({"counties": ["621126"] * 3001}, "INVALID", "counties"),
        ({"channels": ["rumour"]}, "INVALID", "channels.0"),
        ({"languages": ["xx"]}, "INVALID", "languages.0"),
        ({"title": "a" * 121}, "INVALID", "title"),
        ({"title": "two\nlines"}, "INVALID", "title"),
    ],
)
async def test_an_announcement_out_of_bounds_is_refused_by_field(
    registration: Client, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = await registration.post("/announcements", an_announcement(**changes))
    assert (answer.status, answer.code) == (422, code)
    assert field in [one["field"] for one in answer.body["errors"]]
    assert await registration.published() == []


async def test_a_clerk_announces_only_in_counties_of_his_regions(registration: Client) -> None:
    assert (await registration.post("/announcements", an_announcement(counties=[WELL_KNOWN_COUNTY, "370211"]))).status == 403
    everywhere = await announced(an_officer(registration), counties=[WELL_KNOWN_COUNTY, "370211"])
    eastern = await announced(an_officer(registration), counties=["370211"])
    listed = (await registration.get("/announcements")).body["items"]
    assert [one["announcement"] for one in listed] == [everywhere["announcement"]]
    assert (await registration.get(f"/announcements/{eastern['announcement']}")).status == 403
    assert (await reached(registration, everywhere["announcement"], county="370211")).status == 403


async def test_an_announcement_may_be_made_in_every_county_there_is(registration: Client) -> None:
    counties = sorted(reference.counties())
    made = await announced(an_officer(registration), counties=counties)
    assert made["counties"] == counties
    [event] = await published(registration, events.AnnouncementPublished)
    assert len(event.counties) == len(counties)
    assert (await heard(registration, made["announcement_no"])).status == 201


async def test_announcements_are_found_by_county_channel_and_number_page_by_page(registration: Client) -> None:
    first = await announced(registration)
    await announced(registration, counties=[NEIGHBOUR], channels=["sms"])
    await announced(registration, counties=[NEIGHBOUR])
    found = [
        len((await registration.get("/announcements", **asked)).body["items"]) for asked in ({"county": NEIGHBOUR}, {"channel": "sms"})
    ]
    assert found == [3, 1]
    [one] = (await registration.get("/announcements", announcement_no=first["announcement_no"].lower())).body["items"]
    assert (one["announcement"], one["counties"]) == (first["announcement"], 2)
    assert (await registration.get("/announcements", announcement_no="A00000001-0")).code == "ANNOUNCEMENT_NUMBER_MISTYPED"
    page = (await registration.get("/announcements", limit=2)).body
    assert len((await registration.get("/announcements", after=page["next"])).body["items"]) == 1


# --- outreach -------------------------------------------------------------------------------------------------------------
async def test_outreach_is_recorded_corrected_and_voided_with_every_version_kept(registration: Client) -> None:
    announcement = (await announced(registration))["announcement"]
    one = (await reached(registration, announcement)).body
    path = f"/outreach/{one['outreach']}"
    corrected = await registration.post(f"{path}/correction", {"reached": 260, "on": "2018-03-06", "reason": "counted_anew", "version": 1})
    assert (corrected.status, corrected.body["reached"], corrected.body["version"]) == (200, 260, 2)
    voided = await an_officer(registration).post(f"{path}/void", {"reason": "entered_twice"})
    assert (voided.status, voided.body["state"], voided.body["reason"]) == (200, "voided", "entered_twice")
    recorded, correction, void = await published(registration, events.OutreachRecorded, events.OutreachCorrected, events.OutreachVoided)
    assert (recorded.fact.origin.designation, recorded.effective_on) == ("national", date(2018, 3, 5))
    assert (correction.previous, correction.fact.reached, void.previous) == (recorded.fact, 260, correction.fact)
    versions = (await registration.get(f"{path}/versions")).body["items"]
    assert [(one["version"], one["state"], one["reached"], one["reason"]) for one in versions] == [
        (1, "recorded", 200, None),
        (2, "recorded", 260, "counted_anew"),
        (3, "voided", 260, "entered_twice"),
    ]
    history = (await registration.get(f"{path}/history")).body["items"]
    assert [one["type"] for one in history] == ["OutreachRecorded", "OutreachCorrected", "OutreachVoided"]
    assert (await registration.get(path)).body == voided.body
    assert len((await registration.get(f"/announcements/{announcement}/outreach")).body["items"]) == 1


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"county": "622427"}, "COUNTY_NOT_COVERED", "county"),
        ({"channel": "sms"}, "CHANNEL_NOT_USED", "channel"),
        ({"on": "2018-02-28"}, "BEFORE_THE_PUBLICATION", "on"),
        ({"on": "2018-06-02"}, "IN_FUTURE", "on"),
        ({"reached": -1}, "INVALID", "reached"),
        ({"reached": "many"}, "INVALID", "reached"),
        ({"reached": 10_000_001}, "INVALID", "reached"),
    ],
)
async def test_outreach_that_cannot_be_is_refused_by_field(registration: Client, changes: dict[str, Any], code: str, field: str) -> None:
    announcement = (await announced(registration))["announcement"]
    answer = await reached(registration, announcement, **changes)
    assert (answer.status, answer.code, [one["field"] for one in answer.body["errors"]]) == (422, code, [field])
    if code != "INVALID":
        one = (await reached(registration, announcement)).body
        corrected = await registration.post(f"/outreach/{one['outreach']}/correction", {**changes, "reason": "mistyped"})
        assert (corrected.status, corrected.code) == (422, code)


async def test_steps_that_outreach_does_not_allow_are_refused(registration: Client) -> None:
    announcement = (await announced(registration))["announcement"]
    path = f"/outreach/{(await reached(registration, announcement)).body['outreach']}"
    assert (await registration.post(f"{path}/correction", {"reached": 200, "reason": "mistyped"})).code == "NOTHING_TO_CORRECT"
    assert (await registration.post(f"{path}/correction", {"reached": 1, "reason": "mistyped", "version": 2})).code == "VERSION_CONFLICT"
    assert (await registration.post(f"{path}/void", {"reason": "not_held"})).status == 403  # an officer's
    assert (await an_officer(registration).post(f"{path}/void", {"reason": "not_held"})).status == 200
    for refused in (
        await registration.post(f"{path}/correction", {"reached": 1, "reason": "mistyped"}),
        await an_officer(registration).post(f"{path}/void", {"reason": "not_held"}),
    ):
        assert (refused.status, refused.code, refused.body["state"]) == (409, "OUTREACH_ALREADY_VOIDED", "voided")
    eastern = registration.speaking_as(Role.CLERK, regions=("370000",))
    assert (await eastern.get(path)).status == 403


async def test_corrections_of_one_record_at_once_follow_each_other(registration: Client) -> None:
    announcement = (await announced(registration))["announcement"]
    path = f"/outreach/{(await reached(registration, announcement)).body['outreach']}/correction"
    answers = await asyncio.gather(*(registration.post(path, {"reached": number, "reason": "mistyped"}) for number in range(5)))
    assert sorted(answer.body["version"] for answer in answers) == [2, 3, 4, 5, 6]
    corrections = await published(registration, events.OutreachCorrected)
    assert [one.previous for one in corrections[1:]] == [one.fact for one in corrections[:-1]]


# --- registrations that came of it ----------------------------------------------------------------------------------------
async def test_a_registration_that_came_of_an_announcement_says_so(registration: Client) -> None:
    made = await announced(registration)
    answer = await heard(registration, made["announcement_no"])
    assert (answer.status, answer.body["outreach"]) == (201, {"announcement": made["announcement"], "channel": "wechat"})
    [event] = await published(registration, events.WorkerRegistered)
    assert (event.outreach.outreach_channel, event.outreach.origin, event.outreach.on) == ("wechat", event.origin, event.effective)
    shown = (await registration.get(f"/workers/{answer.body['worker']}")).body
    assert shown["outreach"] == answer.body["outreach"]


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"number": "A00000001-0"}, 422, "ANNOUNCEMENT_NUMBER_MISTYPED", "outreach.announcement"),
        ({"number": format_announcement_no(99_999_999)}, 404, "ANNOUNCEMENT_NOT_FOUND", "outreach.announcement"),
        ({"channel": "sms"}, 422, "CHANNEL_NOT_USED", "outreach.channel"),
        ({"county": "622427"}, 422, "COUNTY_NOT_COVERED", "outreach.announcement"),
        ({"registered_on": "2018-02-28"}, 422, "BEFORE_THE_PUBLICATION", "outreach.announcement"),
        ({"channel": "rumour"}, 422, "INVALID", "outreach.channel"),
    ],
)
async def test_an_announcement_that_the_worker_cannot_have_heard_of_is_refused(
    registration: Client, changes: dict[str, Any], status: int, code: str, field: str
) -> None:
    number = (await announced(registration))["announcement_no"]
    answer = await heard(registration, **{"number": number, **changes})
    assert (answer.status, answer.code, [one["field"] for one in answer.body["errors"]]) == (status, code, [field])
    assert await published(registration, events.WorkerRegistered) == []


async def test_reach_and_conversion_are_shown_by_channel_and_by_county(registration: Client) -> None:
    made = await announced(registration)
    announcement, number = made["announcement"], made["announcement_no"]
    await reached(registration, announcement)
    await reached(registration, announcement, county=NEIGHBOUR, channel="village_meeting", reached=60)
    again = (await reached(registration, announcement, reached=50)).body["outreach"]
    await an_officer(registration).post(f"/outreach/{again}/void", {"reason": "entered_twice"})
    for channel, county in (("wechat", WELL_KNOWN_COUNTY), ("wechat", WELL_KNOWN_COUNTY), ("village_meeting", NEIGHBOUR)):
        assert (await heard(registration, number, channel, county=county)).status == 201
    shown = (await registration.get(f"/announcements/{announcement}")).body
    assert (shown["reached"], shown["converted"]) == (260, 3)
    assert shown["by_channel"] == [
        {"channel": "village_meeting", "records": 1, "reached": 60, "converted": 1},
        {"channel": "wechat", "records": 1, "reached": 200, "converted": 2},
    ]
    [line] = (await registration.get("/announcements")).body["items"]
    assert (line["reached"], line["converted"]) == (260, 3)
    first = (await registration.get(f"/announcements/{announcement}/reach", limit=1)).body
    rest = (await registration.get(f"/announcements/{announcement}/reach", after=first["next"])).body
    assert [(one["county"], one["channel"], one["reached"], one["converted"]) for one in first["items"] + rest["items"]] == [
        (NEIGHBOUR, "village_meeting", 60, 1),
        (WELL_KNOWN_COUNTY, "wechat", 200, 2),
    ]
    neighbour = registration.speaking_as(Role.CLERK, regions=(NEIGHBOUR,))
    assert (await neighbour.get(f"/announcements/{announcement}")).body["reached"] == 60


async def test_a_conversion_stays_where_the_worker_was_registered_unless_that_was_wrong(registration: Client) -> None:
    made = await announced(registration)
    moved = (await heard(registration, made["announcement_no"])).body["worker"]
    later = replace(registration, at=datetime(2018, 7, 1, 4, tzinfo=UTC))
    assert (await later.post(f"/workers/{moved}/residence", {"county": "622427"})).status == 200
    wrong = (await heard(registration, made["announcement_no"])).body["worker"]
    assert (await registration.post(f"/workers/{wrong}/corrections", {"county": NEIGHBOUR, "reason": "mistyped"})).status == 201
    [event] = await published(registration, events.WorkerCorrected)
    counties = [(fact.outreach.origin.county, fact.outreach.outreach_channel) for fact in (event.previous, event.fact)]
    assert counties == [(WELL_KNOWN_COUNTY, "wechat"), (NEIGHBOUR, "wechat")]
    items = (await registration.get(f"/announcements/{made['announcement']}/reach")).body["items"]
    assert [(one["county"], one["converted"]) for one in items] == [(NEIGHBOUR, 1), (WELL_KNOWN_COUNTY, 1)]


# --- lists ----------------------------------------------------------------------------------------------------------------
async def imported(registration: Client, *rows: dict[str, str], dry_run: bool = False) -> dict[str, Any]:
    answer = await registration.upload(f"/imports?dry_run={str(dry_run).lower()}", as_csv(list(rows)), "text/csv")
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


async def test_a_list_names_announcement_and_channel_and_what_does_not_fit_is_found(registration: Client) -> None:
    number = (await announced(registration))["announcement_no"]
    given: tuple[dict[str, str], ...] = (
        {"announcement": number.lower(), "outreach_channel": "wechat"},
        {"announcement": number, "outreach_channel": "村民会议"},
        {"announcement": "", "outreach_channel": ""},
        {"announcement": "A00000001-0", "outreach_channel": "wechat"},
        {"announcement": format_announcement_no(99_999_999), "outreach_channel": "wechat"},
        {"announcement": number, "outreach_channel": "短信"},
        {"announcement": number, "outreach_channel": "rumour"},
        {"announcement": number, "outreach_channel": ""},
        {"announcement": "", "outreach_channel": "wechat"},
        {"announcement": number, "outreach_channel": "wechat", "county": "622427"},
        {"announcement": number, "outreach_channel": "wechat", "registered_on": "2018-02-28"},
    )
    rows = [a_row(name=f"王{serial}", **cells) for serial, cells in zip("一二三四五六七八九十百", given, strict=True)]
    expected = [
        (5, "announcement", "ANNOUNCEMENT_NUMBER_MISTYPED"),
        (6, "announcement", "ANNOUNCEMENT_NOT_FOUND"),
        (7, "outreach_channel", "CHANNEL_NOT_USED"),
        (8, "outreach_channel", "OUTREACH_CHANNEL_NOT_KNOWN"),
        (9, "outreach_channel", "MISSING"),
        (10, "announcement", "MISSING"),
        (11, "announcement", "COUNTY_NOT_COVERED"),
        (12, "announcement", "BEFORE_THE_PUBLICATION"),
    ]
    for dry_run in (True, False):
        body = await imported(registration, *rows, dry_run=dry_run)
        assert [(one["row"], one["column"], one["code"]) for one in body["findings"]] == expected
        assert (body["accepted"], body["rejected"]) == (3, 8)
    registered = await published(registration, events.WorkerRegistered)
    assert [one.outreach and one.outreach.outreach_channel for one in registered] == ["wechat", "village_meeting", None]


@pytest.mark.parametrize("count", [2, 60])
async def test_registrations_of_a_short_and_of_a_long_list_are_counted_as_conversions(registration: Client, count: int) -> None:
    made = await announced(registration)
    heard_of = {"announcement": made["announcement_no"], "outreach_channel": "wechat"}
    body = await imported(registration, *(row | heard_of for row in a_list_of(count)))
    assert (body["accepted"], body["findings"]) == (count, [])
    items = (await registration.get(f"/announcements/{made['announcement']}/reach")).body["items"]
    assert [(one["county"], one["converted"]) for one in items] == [(WELL_KNOWN_COUNTY, count)]


async def test_the_template_has_the_columns_of_publicity(registration: Client) -> None:
    header = (await registration.get("/imports/template", format="csv")).body.decode("utf-8-sig").strip().split(",")
    assert {"announcement", "outreach_channel"} <= set(header)
