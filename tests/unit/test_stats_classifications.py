"""Lists as data: the shipped ones say what the reference data says; what is loaded is checked row by row."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.stats.domain.classifications import Division, Listing
from services.stats.figures import classifications
from services.stats.figures.classifications import Fault, classify, shipped
from shared import reference
from shared.values import Designation

POOR, RICH, ALIAS = "130126", "370102", "622421"


def listing(county: str = RICH, designation: str = "provincial", since: str = "2016-01-01", until: str | None = None) -> Listing:
    return Listing.model_validate({"county": county, "designation": designation, "from": since, "to": until})


def division(county: str, since: str = "2019-01-01", until: str | None = None, **rest: Any) -> Division:
    return Division.model_validate({"county": county, "name": "somewhere", "from": since, "to": until, **rest})


def test_version_0_classifies_every_code_as_the_reference_data_do() -> None:
    codes = (*reference.counties(), *reference.aliases(), "999999", "-")
    assert [code for code in codes if shipped().ever_listed(code) is not reference.ever_listed(code)] == []
    for day in (date(2016, 1, 1), date(2018, 12, 31), date(2019, 1, 1)):
        listed = shipped().on(day)
        assert [code for code in codes if listed.ever_listed(code) is not reference.designation(code, day)] == [], day
    for as_what in (Designation.NATIONAL, Designation.PROVINCIAL):
        assert shipped().listed_codes(as_what) == reference.listed_codes(as_what)


def test_loaded_rows_replace_the_rows_of_their_counties_only() -> None:
    rows = classifications.merged(shipped().listings, [listing(POOR, "none"), listing(RICH)], whole=False)
    now = classify(shipped().versions, rows, shipped().divisions)
    assert (now.ever_listed(POOR), now.ever_listed(RICH)) == (Designation.NONE, Designation.PROVINCIAL)
    assert now.ever_listed("620521") is Designation.NATIONAL
    alone = classify(shipped().versions, classifications.merged(shipped().listings, [listing(RICH)], whole=True), shipped().divisions)
    assert alone.listed_codes(Designation.NATIONAL) == frozenset()


def test_a_county_listed_twice_was_ever_listed_as_the_stronger() -> None:
    rows = [listing(RICH, "national", "2012-01-01", "2017-12-31"), listing(RICH, "provincial", "2018-01-01")]
    now = classify(shipped().versions, rows, shipped().divisions)
    assert now.ever_listed(RICH) is Designation.NATIONAL
    assert [now.on(day).ever_listed(RICH) for day in (date(2011, 1, 1), date(2017, 12, 31), date(2018, 1, 1))] == [
        Designation.NONE, Designation.NATIONAL, Designation.PROVINCIAL,
    ]  # fmt: skip
    assert now.changes() == [date(2012, 1, 1), date(2018, 1, 1)]
    spans = [(first, last) for first, last, _ in now.spans(date(2017, 5, 1), date(2019, 4, 30))]
    assert spans == [(date(2017, 5, 1), date(2017, 12, 31)), (date(2018, 1, 1), date(2019, 4, 30))]


def test_a_code_of_another_year_is_classified_as_the_county_it_names() -> None:
    rows = classifications.merged(shipped().divisions, [division("620599", same_as="620521"), division("990101")], whole=False)
    now = classify(shipped().versions, shipped().listings, rows)
    assert now.ever_listed("620599") is Designation.NATIONAL
    assert "620599" in now.listed_codes(Designation.NATIONAL)
    assert now.ever_listed("990101") is Designation.NONE


def test_faults_of_a_designation_list_name_row_and_field() -> None:
    rows = [
        listing("999999"),
        listing(RICH, since="2018-01-01", until="2017-12-31"),
        listing(POOR, since="2016-01-01", until="2017-12-31"),
        listing(POOR, since="2017-12-31"),
    ]
    assert [(fault.row, fault.field) for fault in classifications.faults_of_listings(rows, shipped())] == [
        (0, "county"),
        (1, "to"),
        (3, "from"),
    ]
    assert classifications.faults_of_listings([listing(POOR, until="2017-12-31"), listing(POOR, since="2018-01-01")], shipped()) == []


def test_faults_of_divisions_name_row_and_field_and_no_designated_county_is_lost() -> None:
    new = [division("990101"), division("620599", same_as="999999")]
    rows = classifications.merged(shipped().divisions, new, whole=False)
    assert [(fault.row, fault.field) for fault in classifications.faults_of_divisions(new, rows, shipped())] == [
        (0, "county"),
        (1, "same_as"),
    ]
    lost = classifications.faults_of_divisions([division(RICH)], [division(RICH)], shipped())
    assert Fault(None, "rows", f"{POOR} is designated and would be unknown") in lost
