"""Events of registration. Subject: the worker."""

from __future__ import annotations

from datetime import date
from typing import Literal

from shared.events.event import REGISTRATION, Event, Origin
from shared.values import (
    Destination,
    HouseholdStatus,
    ImportId,
    Money,
    Occupation,
    Sex,
    WorkerId,
)


class _Registration(Event):
    TOPIC = REGISTRATION
    SUBJECT = "worker"


class WorkerRegistered(_Registration):
    worker: WorkerId
    worker_no: str
    birth_year: int
    sex: Sex
    origin: Origin
    residence_basis: Literal["household_register", "residence"]
    education: int  # ISCED 2011 level 0..8
    occupations: tuple[Occupation, ...]
    assurance: Literal["provisional", "verified"]
    source: Literal["self", "assisted", "import"]
    household_status: HouseholdStatus
    effective: date


class WorkerVerified(_Registration):
    worker: WorkerId
    origin: Origin
    effective: date


class WillingnessRecorded(_Registration):
    """`renewal`: the worker was already counted as willing, so the number of willing workers does not change."""

    worker: WorkerId
    origin: Origin
    destinations: tuple[Destination, ...]
    occupations: tuple[Occupation, ...]
    wage_floor: Money | None
    available_from: date
    expires_on: date
    family_consent: bool
    renewal: bool
    effective: date


class WillingnessWithdrawn(_Registration):
    worker: WorkerId
    origin: Origin
    reason: Literal["worker", "dispatched", "erased"]
    effective: date


class WillingnessExpired(_Registration):
    worker: WorkerId
    origin: Origin
    effective: date


class ImportCompleted(_Registration):
    SUBJECT = "import_id"

    import_id: ImportId
    rows: int
    accepted: int
    rejected: int
    digest: str  # sha-256 of the file, hex
    effective: date


EVENTS: tuple[type[Event], ...] = (
    WorkerRegistered,
    WorkerVerified,
    WillingnessRecorded,
    WillingnessWithdrawn,
    WillingnessExpired,
    ImportCompleted,
)
