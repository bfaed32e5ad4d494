"""What a county has to offer and how it is made known: supply, surveys and their coverage, announcements and their reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from console.web.pages import Visitor, only, render
from console.web.screen import Advice, Button, Command, Item, ItemScreen, ListScreen, Part, history, in_order_of
from shared.principals import Role
from shared.texts import Texts, sentence

READERS = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})
WRITERS = frozenset({Role.CLERK, Role.OFFICER})
OFFICER = frozenset({Role.OFFICER})
GROUP = "Supply and publicity"
SURVEY = ("reference_date", "respondents", "able", "willing", "state", "version")
OUTREACH = ("county", "on", "channel", "reached", "state", "recorded_by")
SKILLS = sentence(
    "How many of those asked can work in each occupation, whether able or willing to go or not: one person counts under each, "
    "or under none, so the numbers do not add up to those asked, able or willing."
)
ALL_COUNTIES = 4000
OF_A_PAGE = 100


def _outreach(operation: str, roles: frozenset[Role]) -> Button:
    return Button(
        service="registration",
        operation=operation,
        parts={"outreach": "outreach"},
        roles=roles,
        when=lambda one: one["state"] in {None, "recorded"},  # None: of a row, by_place()
    )


def survey_to_do(survey: Item, text: Texts, _today: date) -> Sequence[str]:
    """What does not fit together in what was recorded."""
    return [text.word("error", one["code"]) for one in survey["warnings"]]


async def found_before(who: Visitor, asked: Mapping[str, str]) -> Mapping[str, str]:
    """What a survey that is put right found: all of it, since the new record takes its place whole."""
    if "survey" not in asked:
        return {}
    survey = await who.backend.get("registration", "/surveys/{survey}", survey=asked["survey"])
    skills = {f"skills.{at}.{name}": str(one[name]) for at, one in enumerate(survey["skills"]) for name in ("occupation", "people")}
    return {name: str(survey[name]) for name in ("respondents", "able", "willing")} | skills


def by_county(reach: Sequence[Item], _text: Texts) -> Sequence[Item]:
    """One row for each county: what was done in it by channel stands below."""
    counties: dict[str, dict[str, Any]] = {}
    for one in reach:
        county = counties.setdefault(one["county"], {"county": one["county"], "records": 0, "reached": 0, "converted": 0})
        for name in ("records", "reached", "converted"):
            county[name] += one[name]
    return list(counties.values())


def by_place(outreach: Sequence[Item], text: Texts) -> Sequence[Item]:
    """In order; that it is recorded stands only where some of it was voided."""
    ordered = in_order_of("county", "on", "channel")(outreach, text)
    return [{**one, "state": None} for one in ordered] if all(one["state"] == "recorded" for one in ordered) else ordered


def numbered(versions: Sequence[Item], text: Texts) -> Sequence[Item]:
    """A bare number says nothing as the name of a row."""
    return [{**one, "version": text("Version {number}", number=one["version"])} for one in versions]


SCREENS = (
    ListScreen(
        path="/supply",
        title="Supply",
        group=GROUP,
        service="registration",
        route="/supply",
        columns=("county", "occupation", "destination", "willing"),
        filters=("county", "occupation", "destination"),
        roles=READERS,
        note=(
            "Workers who are willing to go abroad, by what they can do and where to. One counts under each occupation and destination: "
            "the rows add up to more than the people."
        ),
        empty="Nobody here is recorded as willing to go abroad.",
        advice=Advice(sentence("Choose a worker and record what he or she is willing to do."), WRITERS, page="/workers"),
    ),
    ListScreen(
        path="/surveys",
        title="Surveys",
        group=GROUP,
        service="registration",
        route="/surveys",
        columns=("county", *SURVEY, "recorded_by"),
        filters=("county", "from", "to", "state"),
        fixed={"sort": "-reference_date"},
        roles=READERS,
        row="/surveys/{survey}",
        buttons=(Button(service="registration", operation="record_survey", roles=WRITERS),),
        empty="No survey is recorded here.",
        fits_filters=True,
        advice=Advice(sentence("Record what one found, as of its day."), WRITERS),
    ),
    ItemScreen(
        path="/surveys/{survey}",
        title="Survey of {county} of {reference_date}",
        service="registration",
        route="/surveys/{survey}",
        roles=READERS,
        known_by=("respondents", "able", "willing"),
        tags=("state",),
        to_do=survey_to_do,
        fields=(
            "county",
            "designation",
            "reference_date",
            "respondents",
            "able",
            "willing",
            "first_this_year",
            "recorded_at",
            "recorded_by",
            "voided_for",
        ),
        tables=(("People by occupation", "skills", ("occupation", "people")),),
        notes={"skills": SKILLS},
        parts=(
            Part(
                title="Versions",
                service="registration",
                route="/surveys/{survey}/versions",
                parts={"survey": "survey"},
                columns=("version", "recorded_at", "recorded_by", "respondents", "able", "willing", "state", "voided_for"),
                shape=numbered,
            ),
            history("registration", "/surveys/{survey}/history", {"survey": "survey"}),
        ),
        buttons=(
            Button(
                service="registration",
                operation="record_survey",
                parts={name: name for name in ("survey", "county", "reference_date")},
                roles=WRITERS,
                when=lambda survey: survey["state"] == "recorded",
            ),
            Button(
                service="registration",
                operation="void_survey",
                parts={"survey": "survey"},
                roles=OFFICER,
                when=lambda survey: survey["state"] == "recorded",
            ),
        ),
    ),
    ListScreen(
        path="/announcements",
        title="Announcements",
        group=GROUP,
        service="registration",
        route="/announcements",
        columns=("announcement_no", "title", "published_on", "channels", "counties", "reached", "converted"),
        filters=("county", "channel", "announcement_no"),
        fixed={"sort": "-published_on"},
        roles=READERS,
        row="/announcements/{announcement}",
        words={"counties": sentence("Number of counties")},
        buttons=(Button(service="registration", operation="publish_announcement", roles=WRITERS),),
        empty="Nothing is announced here.",
        fits_filters=True,
        advice=Advice(sentence("Publish an announcement, then record whom it reached."), WRITERS),
    ),
    ItemScreen(
        path="/announcements/{announcement}",
        title="Announcement {announcement_no}: {title}",
        service="registration",
        route="/announcements/{announcement}",
        roles=READERS,
        fields=("published_on", "published_by", "channels", "languages", "counties", "reached", "converted"),
        tables=(("Reach by channel", "by_channel", ("channel", "records", "reached", "converted")),),
        parts=(
            Part(
                title="Reach by county",
                service="registration",
                route="/announcements/{announcement}/reach",
                parts={"announcement": "announcement"},
                columns=("county", "records", "reached", "converted"),
                shape=by_county,
                shown=5,
                most=200,
                empty="Nobody is recorded as reached yet.",
                advice=Advice(sentence("Record the outreach in each county."), WRITERS),
            ),
            Part(
                title="Outreach",
                service="registration",
                route="/announcements/{announcement}/outreach",
                parts={"announcement": "announcement"},
                columns=OUTREACH,
                shape=by_place,
                shown=5,
                row="/outreach/{outreach}",
                buttons=(replace(_outreach("correct_outreach", WRITERS), offers="void_outreach"),),
                most=200,
                empty="Nobody is recorded as reached yet.",
                advice=Advice(sentence("Record the outreach in each county."), WRITERS),
            ),
            history("registration", "/announcements/{announcement}/history", {"announcement": "announcement"}),
        ),
        buttons=(Button(service="registration", operation="record_outreach", parts={"announcement": "announcement"}, roles=WRITERS),),
    ),
    ItemScreen(
        path="/outreach/{outreach}",
        title="Outreach in {county} on {on}",
        above="/announcements",
        service="registration",
        route="/outreach/{outreach}",
        roles=READERS,
        known_by=("channel", "reached"),
        tags=("state",),
        fields=("county", "channel", "on", "reached", "reason", "recorded_by", "recorded_at"),
        parts=(
            Part(
                title="Versions",
                service="registration",
                route="/outreach/{outreach}/versions",
                parts={"outreach": "outreach"},
                columns=("version", "recorded_at", "recorded_by", "county", "channel", "on", "reached", "state", "reason"),
                shape=numbered,
            ),
        ),
        buttons=(_outreach("correct_outreach", WRITERS), _outreach("void_outreach", OFFICER)),
        links=(("The announcement", "/announcements/{announcement}", READERS),),
    ),
)
COMMANDS = (
    Command(
        service="registration",
        operation="record_survey",
        then="/surveys/{survey}",
        local=True,
        hidden=("county", "reference_date"),  # of a survey that is put right: by them it is known
        known=found_before,
        renamed={"survey": sentence("Correct the survey")},
        note="A later record of the same county and day takes the place of the earlier one, which stays in its versions.",
        hints={"skills": SKILLS},
    ),
    Command(service="registration", operation="void_survey", danger=True),
    Command(service="registration", operation="void_outreach", danger=True),
    Command(service="registration", operation="publish_announcement", then="/announcements/{announcement}"),
    Command(service="registration", operation="record_outreach", local=True),
    Command(service="registration", operation="correct_outreach", note="Fill in only what is wrong."),
)


# --- coverage -----------------------------------------------------------------------------------------------------------
class Bar(NamedTuple):
    """A province. `address`: of the same page with its counties."""

    label: str
    part: int
    whole: int
    address: str


PAGES = ((GROUP, "/surveys/coverage", "Coverage of surveys", READERS),)
router = APIRouter()
READING = only(*READERS)


@router.get("/surveys/coverage")
async def coverage(who: Visitor = READING) -> Response:
    """Which counties were surveyed in a time, by province; of one province the counties, page by page. Bars need every county."""
    asked = {name: value for name in ("from", "to") if (value := who.request.query_params.get(name))} or await _last_surveyed_year(who)
    found: dict[str, Any] = await who.backend.get("registration", "/surveys/coverage", {**asked, "limit": 200})
    items = list(found["items"])
    while found["next"] is not None and len(items) < ALL_COUNTIES:
        found = await who.backend.get("registration", "/surveys/coverage", {**asked, "limit": 200, "after": found["next"]})
        items += found["items"]
    missing = who.request.query_params.get("surveyed") == "false"
    kept = asked | ({"surveyed": "false"} if missing else {})
    bars = _bars(who.text, items, kept)
    province, after = (who.request.query_params.get(name, "")[:6] for name in ("province", "after"))
    of_province = [one for one in items if not bars or one["county"].startswith(province[:2] or "-")]
    shown = [one for one in of_province if one["county"] > after and not (missing and one["surveys"])]
    following = (
        {**kept, **({"province": province} if province else {}), "after": shown[OF_A_PAGE - 1]["county"]}
        if len(shown) > OF_A_PAGE
        else None
    )
    return render(
        who,
        "coverage.html",
        found=found,
        items=shown[:OF_A_PAGE],
        missing=missing,
        bars=bars,
        province=province if of_province and bars else None,
        whole="?" + urlencode(kept),
        following="?" + urlencode(following) if following else None,
    )


async def _last_surveyed_year(who: Visitor) -> dict[str, str]:
    """The year of the newest survey; nothing, which is this year, where there is none."""
    newest = (await who.backend.get("registration", "/surveys", {"sort": "-reference_date", "limit": 1}))["items"]
    year = newest[0]["reference_date"][:4] if newest else None
    return {"from": f"{year}-01-01", "to": f"{year}-12-31"} if year else {}


def _bars(text: Texts, items: Sequence[Item], kept: Mapping[str, str]) -> list[Bar]:
    """By province, where there are several. `kept`: what was asked for stays asked for."""
    whole = Counter(one["county"][:2] for one in items)
    part = Counter(one["county"][:2] for one in items if one["surveys"])
    codes = [f"{code}0000" for code in sorted(whole)] if len(whole) > 1 else []
    return [Bar(text.place(one), part[one[:2]], whole[one[:2]], "?" + urlencode({**kept, "province": one})) for one in codes]
