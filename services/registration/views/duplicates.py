"""Pairs of registrations as shown: both sides by codes, without personal data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from services.registration.domain import duplicates, workers
from services.registration.domain.duplicates import DuplicateState, HeldFor, LinkReason, MatchedKey, MergeRejection
from services.registration.domain.validity import Validity
from services.registration.domain.willingness import Willingness
from services.registration.domain.workers import Assurance, Source
from services.registration.views.view import View
from shared import reference
from shared.values import CountyCode, DuplicateId, HouseholdStatus, Occupation, Sex, WorkerId


class Side(View):
    """`abroad_since` null: at home, as far as docking knows. `validity` merged: absorbed."""

    worker: WorkerId
    worker_no: str
    version: int
    county: CountyCode
    county_name: str | None
    birth_year: int
    sex: Sex
    education: int
    occupations: tuple[Occupation, ...]
    household_status: HouseholdStatus
    source: Source
    registered_on: date
    assurance: Assurance
    validity: Validity
    willingness: Willingness
    abroad_since: date | None

    @classmethod
    def from_worker(cls, worker: workers.Worker, abroad_since: date | None) -> Side:
        county = reference.county(worker.county)
        return cls(
            worker=worker.worker,
            worker_no=worker.worker_no,
            version=worker.version,
            county=worker.county,
            county_name=county.name_zh if county else None,
            birth_year=worker.birth_year,
            sex=worker.sex,
            education=worker.education,
            occupations=worker.occupations,
            household_status=worker.household_status,
            source=worker.source,
            registered_on=worker.registered_on,
            assurance=worker.assurance,
            validity=worker.validity,
            willingness=worker.willingness,
            abroad_since=abroad_since,
        )


class Duplicate(View):
    """`keys`: document, person (name in Latin letters, birth date and county), by_hand. `survivor`: whose number stays, once merged.

    `held_for`: merged here, and held in docking, where the stays of the two contradict each other: put them right, or record the return
    that is missing.
    """

    duplicate: DuplicateId
    keys: tuple[MatchedKey, ...]
    state: DuplicateState
    found_at: datetime
    linked_for: LinkReason | None
    linked_by: str | None
    linked_at: datetime | None
    rejected_for: MergeRejection | None
    decided_by: str | None
    decided_at: datetime | None
    survivor: WorkerId | None
    held_for: HeldFor | None
    sides: tuple[Side, Side]

    @classmethod
    def from_duplicate(cls, one: duplicates.Duplicate, sides: Sequence[workers.Worker], abroad: Mapping[WorkerId, date]) -> Duplicate:
        """`abroad`: since when, of those who are."""
        earlier, later = (Side.from_worker(side, abroad.get(side.worker)) for side in sides)
        return cls(
            duplicate=one.duplicate,
            keys=one.keys,
            state=one.state,
            found_at=one.found_at,
            linked_for=one.linked_for,
            linked_by=one.linked_by,
            linked_at=one.linked_at,
            rejected_for=one.rejected_for,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            survivor=one.survivor,
            held_for=one.held_for,
            sides=(earlier, later),
        )


class Duplicates(View):
    items: tuple[Duplicate, ...]
    next: str | None  # hand it back as `after`
