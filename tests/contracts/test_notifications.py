"""Whoever is notified is notified in words, in three languages, and nothing leaves the house but what the table names."""

from __future__ import annotations

import re

import pytest

from console.web.screens.inbox import leads_to
from shared import reference
from shared.audiences import CONCERNS, audiences_of, fields_of, regions_around
from shared.events import EVENTS, Event, docking, registration, rights, stats
from shared.notifications.messages import message
from shared.notifications.templates import TEMPLATES
from shared.principals import NATION, Principal, Role
from shared.texts import LANGUAGES, texts
from tests.contracts.samples import sample
from tests.contracts.test_no_personal_data import PERSONAL

OF_ENDPOINTS = {"EndpointFailing", "EndpointGone"}  # no event: what the sender has to report
FREE_TEXT = {"reason", "grounds", "failed"}  # slugs in every event that is in the table, held below
WRITTEN_BY_PEOPLE = (docking.DispatchVoided, rights.IncomeVoided)

every_concern = pytest.mark.parametrize("event", CONCERNS, ids=lambda event: event.__name__)


def names(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def test_every_event_that_concerns_somebody_has_a_template_and_every_template_an_event() -> None:
    assert {event.__name__ for event in CONCERNS} | OF_ENDPOINTS == TEMPLATES.keys()
    assert set(CONCERNS) <= set(EVENTS)


@every_concern
def test_a_template_uses_only_what_is_written_with_the_notification(event: type[Event]) -> None:
    template = TEMPLATES[event.__name__]
    used = set().union(*map(names, template.sentences)) | ({template.due} if template.due else set())
    assert used <= fields_of(sample(event).data, CONCERNS[event]).keys() | {"count"}


@every_concern
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notification_has_words_in_every_language(event: type[Event], language: str) -> None:
    found = message(event.type_name(), fields_of(sample(event).data, CONCERNS[event]), 3, language)
    assert found.title
    assert "{" not in found.title + found.text


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_sentence_lacks_a_translation_and_none_loses_a_value(language: str) -> None:
    known = texts(language).messages
    for name, template in TEMPLATES.items():
        for sentence in (template.title, *template.sentences):
            assert names(known.get((None, sentence), "")) == names(sentence), (name, sentence)
            assert (None, sentence) in known, (name, sentence)


def test_a_certificate_ends_and_is_not_due() -> None:
    fields = {"serial": "TC201800000012", "occupation": "7212", "destination": "JPN", "county": "621126", "valid_to": "2020-11-01"}
    found = message("CertificateIssued", fields, 1, "zh")
    assert ("2020年11月1日" in found.text, found.due) == (True, None)


def test_a_target_says_of_which_programme_it_is_and_an_older_one_says_the_rest() -> None:
    fields = {"target": "dispatches", "measure": "dispatches", "state_to": "achieved", "actual": 3, "floor": 2}
    assert "2017—2020" in message("TargetProgressChanged", {**fields, "programme": "2017-2020"}, 1, "zh").text
    assert "Programme" not in message("TargetProgressChanged", fields, 1, "en").text


def test_a_month_is_read_in_words() -> None:
    assert "March 2019" in message("PeriodClosed", {"period": "2019-03", "version": 1}, 1, "en").text


def test_a_session_begins_and_is_not_due() -> None:
    fields = {"starts_on": "2020-11-01", "ends_on": "2020-11-03", "seats": 2, "occupation": "7212", "destination": "JPN"}
    found = message("CourseScheduled", fields, 1, "zh")
    assert ("2020年11月1日" in found.text, found.due) == (True, None)


@pytest.mark.parametrize(("measure", "words"), [("income", "¥2,989,100.00"), ("dispatches", "298,910,000")])
def test_what_a_target_counts_in_fen_is_told_as_money(measure: str, words: str) -> None:
    fields = {"target": measure, "measure": measure, "state_to": "achieved", "actual": 298_910_000, "floor": 250_000_000}
    assert words in message("TargetProgressChanged", fields, 1, "zh").text


@pytest.mark.parametrize(
    ("status", "share", "heads", "words"),
    [
        ("breached", [96, 1000], 5, "Share: 9.6%. Missing: 5 workers."),
        ("breached", [100, 1000], 0, "Share: 10.0%. The share required is reached, but it is not above the year before."),
        ("met", [100, 1000], 0, "Share: 10.0%."),
        ("insufficient_data", [0, 0], None, ""),
    ],
)
def test_a_quota_says_what_is_missing_or_that_it_has_only_not_risen(status: str, share: list[int], heads: int | None, words: str) -> None:
    fields = {"quota": "Q1", "period": "2018", "status_to": status, "share": share, "gap_heads": heads}
    assert message("QuotaStatusChanged", fields, 1, "en").text.partition(". ")[2] == words


@pytest.mark.parametrize(("unfilled", "words"), [(3, "3 positions were not filled"), (0, "every position was filled by then")])
def test_an_order_that_is_filled_says_so(unfilled: int, words: str) -> None:
    assert words in message("JobOrderExpired", {"destination": "JPN", "occupation": "7112", "unfilled": unfilled}, 1, "en").text


# An emergency concerns a centre for what it teaches, not for its roll-call, which is the enterprises' and the offices'.
LEADS_NOWHERE = {("EmergencyDeclared", Role.TRAINER), ("EmergencyEnded", Role.TRAINER)}


def heard_by(event: type[Event]) -> set[Role]:
    concern = CONCERNS[event]
    parties = ((Role.ENTERPRISE, concern.enterprise), (Role.TRAINER, concern.centre), (Role.CLERK, concern.account))
    return {*concern.offices, *concern.everybody, *(role for role, path in parties if path)}


@every_concern
def test_a_notification_leads_to_a_page_for_everybody_who_hears_of_it(event: type[Event]) -> None:
    fields = fields_of(sample(event).data, CONCERNS[event])
    nowhere = {(event.__name__, role) for role in heard_by(event) if leads_to(role, {"fields": fields}) is None}
    assert nowhere <= LEADS_NOWHERE


def test_a_title_holds_no_value_since_it_is_the_subject_of_a_letter() -> None:
    assert not [template.title for template in TEMPLATES.values() if names(template.title)]


@every_concern
def test_what_leaves_the_house_names_no_person_and_no_account(event: type[Event]) -> None:
    paths = {name for path in CONCERNS[event].fields for name in path.split(".")}
    assert not {name for name in paths if name in PERSONAL or PERSONAL.intersection(name.split("_"))}
    assert not paths & {"actor", "approver", "requested_by", "assignee", "confirmed_by", "linked_by", "birth_year", "sex", "terms_hash"}


@pytest.mark.parametrize("event", WRITTEN_BY_PEOPLE, ids=lambda event: event.__name__)
def test_a_reason_that_people_write_leaves_the_house_nowhere(event: type[Event]) -> None:
    assert event not in CONCERNS or "reason" not in CONCERNS[event].fields


@pytest.mark.parametrize("event", [event for event in CONCERNS if event.__name__.startswith("Case")], ids=lambda event: event.__name__)
def test_a_case_is_made_known_without_what_leads_to_whoever_complained(event: type[Event]) -> None:
    assert not {path.rpartition(".")[2] for path in CONCERNS[event].fields} & {"placement", "worker", "county", "origin", "destination"}


def test_events_by_the_thousand_notify_nobody() -> None:
    mass = (registration.WorkerRegistered, registration.WillingnessRecorded, rights.IncomeReported, rights.IncomeCorrected)
    assert not CONCERNS.keys() & {*mass, stats.FigurePublished, stats.FigureRestated}


def test_the_regions_around_a_county_are_those_whose_authorities_cover_it() -> None:
    regions = {region for county in list(reference.counties())[::50] for region in regions_around(county)}
    for county in list(reference.counties())[::50]:
        for region in regions:
            covers = Principal("office", Role.OFFICER, (region,)).covers_county(county)
            assert covers == (region in regions_around(county)), (region, county)


def test_without_a_county_only_national_offices_hear() -> None:
    assert regions_around(None) == (NATION,)


def test_nobody_belongs_to_an_audience_by_another_roles_party_or_by_a_name() -> None:
    assert audiences_of(Principal("officer:CN", Role.ENTERPRISE, (NATION,), "CN")) == (
        "enterprise:CN",
        "enterprise",
        "account:enterprise:officer:CN",
    )
    assert audiences_of(Principal("li", Role.OFFICER, ("620000",), "enterprise:1")) == ("officer:620000", "officer", "account:officer:li")
    assert audiences_of(Principal("li", Role.TRAINER)) == ("trainer", "account:trainer:li")
