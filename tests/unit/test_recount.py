"""The oracle of the log is right about which records count, and what they count for."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from tests.support.recount import accepted, by_year, figures, stock_at_end_of


def a_record(number: str, identity: str, partition: int = 0) -> Any:
    value = json.dumps({"id": identity, "type": "docking.X.v1", "source": "/docking", "subject": "s", "data": {}}).encode()
    return SimpleNamespace(topic="docking.events", partition=partition, headers=(("sequence", number.encode()),), value=value)


def ids(*records: Any) -> list[str]:
    return [event["id"] for event in accepted(records).events]


def test_a_record_counts_when_its_number_is_the_next_of_its_partition() -> None:
    assert ids(a_record("1.0", "a"), a_record("1.1", "b"), a_record("1.0", "c", partition=1)) == ["a", "b", "c"]


def test_repeats_and_records_ahead_do_not_count_and_the_resent_ones_do() -> None:
    log = [a_record("1.0", "a"), a_record("1.2", "c"), a_record("1.0", "a"), a_record("1.1", "b"), a_record("1.2", "c")]
    assert ids(*log) == ["a", "b", "c"]
    assert accepted(log).repeats == 2


def test_a_later_epoch_begins_at_number_0_and_ends_the_one_before() -> None:
    log = [a_record("1.0", "a"), a_record("2.1", "x"), a_record("2.0", "b"), a_record("1.1", "y"), a_record("2.1", "c")]
    assert ids(*log) == ["a", "b", "c"]


def test_a_record_without_a_number_is_not_counted() -> None:
    unnumbered = SimpleNamespace(topic="docking.events", partition=0, headers=(), value=b"?")
    assert accepted([unnumbered]).unnumbered == 1


def a_departure(day: str, county: str = "621126", *, first: bool = True) -> dict[str, Any]:
    return {"departed_on": day, "origin": {"county": county}, "first_this_year": first}


def an_event(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}


def test_a_correction_moves_a_departure_and_its_return_and_a_void_takes_them_off() -> None:
    was, now, back = a_departure("2018-12-31"), a_departure("2019-01-01", "370102"), {"returned_on": "2020-05-01"}
    events = [
        an_event("docking.Dispatched.v1", fact=was),
        an_event("docking.Returned.v1", dispatch=was, fact=back),
        an_event("docking.DispatchCorrected.v1", previous=was, fact=now, returned=back),
    ]
    counted = figures(events)
    assert counted == {("dispatches", "2019", "370102"): 1, ("persons", "2019", "370102"): 1, ("returns", "2020", "370102"): 1}
    assert [stock_at_end_of(year, counted) for year in ("2018", "2019", "2020")] == [0, 1, 0]
    assert figures([*events, an_event("docking.DispatchVoided.v1", previous=now, returned=back)]) == {}


def test_income_counts_in_the_year_of_its_wage_period_as_last_corrected() -> None:
    def paid(minor: int) -> dict[str, Any]:
        return {"period": "2019-12", "net": {"minor": minor, "currency": "CNY"}}

    origin = {"county": "621126"}
    events = [
        an_event("rights.IncomeReported.v1", origin=origin, fact=paid(500)),
        an_event("rights.IncomeCorrected.v1", origin=origin, previous=paid(500), fact=paid(800)),
    ]
    assert by_year(figures(events)) == {("income CNY", "2019"): 800}
    assert figures([*events, an_event("rights.IncomeVoided.v1", origin=origin, previous=paid(800))]) == {}
