"""The events of the demo's plan, as docking would publish them: in seconds what `laowu demo` plays through commands in minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from uuid import UUID

from console.demo.simulation import Plan, Voyage
from shared import events, reference
from shared.events import DispatchFact, Event, EventEnvelope, Evidence, ReturnFact
from shared.values import Destination, EnterpriseId, PlacementId, Sex, WorkerId
from tests.support.stats import departure, recorded

TAKEN_OVER = date(2016, 12, 31)


def events_of(plan: Plan) -> list[EventEnvelope[Event]]:
    """Departures with their corrections and voids, and returns, in the order in which they are recorded."""
    firsts = _firsts(plan)
    found = list(chain.from_iterable(_voyage(voyage, first=voyage.number in firsts) for voyage in plan.voyages))
    return [recorded(data, on) for on, data in sorted(found, key=lambda entry: entry[0])]


def _firsts(plan: Plan) -> set[int]:
    """The first voyage of every person in every year, by number."""
    seen: dict[tuple[int, int], int] = {}
    for voyage in plan.voyages:  # by departure
        if not voyage.voided:
            seen.setdefault((voyage.person.number, voyage.departed_on.year), voyage.number)
    return set(seen.values())


def _voyage(voyage: Voyage, *, first: bool) -> Iterator[tuple[date, Event]]:
    about = {"placement": PlacementId(UUID(int=voyage.number)), "worker": WorkerId(UUID(int=voyage.person.number))}
    fact, first_recording = _fact(voyage, voyage.departed_on, voyage.destination, first=first), voyage.first_recorded_as
    on = TAKEN_OVER if voyage.adopted else voyage.recorded_on
    wrongly = date.fromisoformat(first_recording["departed_on"]) if "departed_on" in first_recording else voyage.departed_on
    recording = _fact(voyage, wrongly, first_recording.get("destination", voyage.destination), first=first or voyage.voided)
    yield on, events.Dispatched.model_validate({**about, "fact": recording})
    if voyage.voided:
        yield (
            voyage.mended_on,
            events.DispatchVoided.model_validate({**about, "previous": recording, "returned": None, "reason": "not_departed"}),
        )
    elif first_recording:
        right = {**about, "previous": recording, "fact": fact, "returned": None, "cause": "correction"}
        yield voyage.mended_on, events.DispatchCorrected.model_validate(right)
    if voyage.returned_on is not None:
        back = ReturnFact(returned_on=voyage.returned_on, reason="completed")
        yield voyage.returned_on + timedelta(1), events.Returned.model_validate({**about, "fact": back, "dispatch": fact})


def _fact(voyage: Voyage, day: date, destination: str, *, first: bool) -> DispatchFact:
    person = voyage.person
    return departure(
        departed_on=day,
        origin=reference.origin(person.county, day),
        destination=Destination(destination),
        occupation=voyage.occupation,
        channel=voyage.channel,
        enterprise=EnterpriseId(UUID(int=voyage.enterprise)),
        sex=Sex(person.sex),
        birth_year=person.birth_date.year,
        first_this_year=first,
        evidence=Evidence.ADOPTED if voyage.adopted else Evidence.EXIT_STAMP,
    )
