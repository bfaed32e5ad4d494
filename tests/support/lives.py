"""Lives of many people as events: the golden samples, each with the ids and numbers of one person.

The classes stand to one another in the numbers in which the demo records them, and follow one another after so many days. That makes a log
to catch up on; a service that reads it finds everybody known who should be.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from services.registration.domain.validity import Validity
from services.registration.domain.willingness import Offer, Willingness
from services.registration.domain.workers import Assurance, ResidenceBasis, Source, Worker
from services.registration.queries import workers
from shared.db import Database
from shared.events import DOCKING, REGISTRATION, RIGHTS, TRAINING
from shared.values import CountyCode, Destination, HouseholdStatus, Occupation, Sex, WorkerId
from tests.contracts.samples import FOLDER
from tests.support.registration import a_worker_no

_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(rb'"(worker_no|serial|contract_no)":"[^"]*"')
_WORKER = b"e730b15a-5c01-51c6-ba01-bd5d7d39aa67"  # in the samples
_REPORT = b"1f180ba8-3fd6-522f-b1fb-33ecdcd27bc5"
TOPICS = {"registration": REGISTRATION, "docking": DOCKING, "training": TRAINING, "rights": RIGHTS}
EVERY = 3  # numbers are given for so many people


class Step(NamedTuple):
    """`times` in the life of `of` among EVERY people, `day` days after the registration."""

    type_name: str
    of: int
    day: int
    times: int = 1


STEPS = (
    Step("registration.WorkerRegistered", 3, 0),
    Step("registration.OutreachRecorded", 1, 1),
    Step("registration.WillingnessRecorded", 2, 2),
    Step("docking.JobOrderOpened", 1, 10),
    Step("docking.MatchedToEnterprise", 2, 30),
    Step("training.CourseScheduled", 2, 32),
    Step("training.WorkerEnrolled", 2, 33),
    Step("docking.MedicalRecorded", 2, 40),
    Step("training.AttendanceRecorded", 2, 45, times=3),
    Step("training.AssessmentRecorded", 2, 50),
    Step("training.CertificateIssued", 2, 51),
    Step("docking.ContractRegistered", 3, 55),
    Step("docking.FeeDeclared", 2, 56),
    Step("docking.InsuranceBound", 2, 57),
    Step("docking.ClearanceRequested", 2, 58),
    Step("docking.ClearanceGranted", 2, 59),
    Step("docking.Dispatched", 3, 70),
    Step("registration.WillingnessWithdrawn", 2, 71),
    Step("docking.JobOrderExpired", 1, 80),
    Step("rights.IncomeReported", 3, 110, times=16),
    Step("rights.RecruitmentCostAssessed", 1, 140),
    Step("training.CertificateExpired", 1, 400),
    Step("docking.Returned", 2, 700),
)


@dataclass(frozen=True, slots=True)
class LifeEvent:
    topic: str
    key: bytes
    value: bytes


@cache
def _sample(type_name: str) -> bytes:
    return Path(FOLDER, f"{type_name}.v1.json").read_bytes().strip()


@cache
def _parts(type_name: str) -> tuple[list[bytes], list[bytes]]:
    """The sample's texts between ids, and the ids; the first id is the event's own."""
    sample = _NUMBER.sub(rb'"\1":"#"', _sample(type_name))
    return _UUID.split(sample), _UUID.findall(sample)


def _id(person: int, original: bytes) -> bytes:
    """One of the person's: ids come in the order of people, as they are drawn in the order of time."""
    digest = hashlib.blake2b(original, digest_size=10, key=person.to_bytes(8)).hexdigest()
    head = f"{0x019A00000000 + person:012x}"
    return f"{head[:8]}-{head[8:]}-7{digest[:3]}-8{digest[3:6]}-{digest[6:18]}".encode()


def _event(step: Step, person: int, time: int) -> LifeEvent:
    """`time`: of the step's `times`; each is an event, and a report, of its own."""
    texts, ids = _parts(step.type_name)
    own = {ids[0], _REPORT}
    given = [_id(person, one + b"%d" % time if one in own else one) for one in ids]
    value = b"".join(text + one for text, one in zip(texts, [*given, b""], strict=True)).replace(b'"#"', b'"N%09d"' % person)
    subject = value.split(b'"subject":"', 1)[1].partition(b'"')[0]
    return LifeEvent(TOPICS[step.type_name.partition(".")[0]], subject, value)


def lives(people: int, *, per_day: float) -> Iterator[LifeEvent]:
    """The events of people of whom so many are registered a day, in the order of their days."""
    order = [
        (person / per_day + step.day + 30 * time, person, index, time)
        for person in range(people)
        for index, step in enumerate(STEPS)
        for time in range(step.times)
        if person % EVERY < step.of
    ]
    for _, person, index, time in sorted(order):
        yield _event(STEPS[index], person, time)


async def register(database: Database, people: int) -> None:
    """The people in registration's own table, as willing to go as they have said: other services know them from its events."""
    cause = database.system_cause()
    async with database.transaction(cause) as tx:
        await workers.insert_all(tx, [workers.record(_registered(person)) for person in range(people)])


def _registered(person: int) -> Worker:
    willing = person % EVERY < 2
    day = date(2018, 9, 28)
    offer = Offer(
        destinations=(Destination("JPN"),),
        occupations=(Occupation("7512"),),
        wage_floor=None,
        available_from=day,
        expires_on=day + timedelta(days=365),
        family_consent=True,
    )
    return Worker(
        worker=WorkerId(UUID(_id(person, _WORKER).decode())),
        worker_no=a_worker_no(person + 1),
        version=1,
        birth_year=1990,
        sex=Sex.FEMALE,
        county=CountyCode("622427"),
        residence_basis=ResidenceBasis.HOUSEHOLD_REGISTER,
        education=3,
        occupations=(Occupation("7512"),),
        residence_since=None,
        household_status=HouseholdStatus.REGISTERED_POOR,
        household_since=None,
        source=Source.ASSISTED,
        assurance=Assurance.VERIFIED,
        registered_on=day,
        provisional_until=None,
        validity=Validity.ACTIVE,
        validity_since=None,
        suspended_for=None,
        verified_on=day,
        willingness=Willingness.WILLING if willing else Willingness.NONE,
        willingness_since=day if willing else None,
        offer=offer if willing else None,
        import_id=None,
        import_row=None,
        outreach=None,
    )
