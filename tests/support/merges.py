"""Registration's word that two registrations are one person's."""

from __future__ import annotations

from datetime import date

from shared import events, reference
from shared.values import CountyCode, DuplicateId, WorkerId, new_id


def merged(absorbed: WorkerId, survivor: WorkerId, on: date) -> events.WorkersMerged:
    return events.WorkersMerged(
        absorbed=absorbed,
        survivor=survivor,
        absorbed_no="W00000001-5",
        survivor_no="W00000002-3",
        duplicate=DuplicateId(new_id()),
        origin=reference.origin(CountyCode("370102"), on),
        ends_willingness=False,
        linked_by="clerk:a",
        confirmed_by="officer:b",
        effective=on,
    )
