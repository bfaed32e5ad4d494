"""Designation lists and divisions, loaded whole or county by county; closed periods are restated by what a list changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date

from services.stats import views
from services.stats.commands import LoadDesignations, LoadDivisions
from services.stats.domain.classifications import Division, Listing
from services.stats.domain.errors import ListInvalid, StaleList
from services.stats.figures import classifications
from services.stats.figures.classifications import Fault
from services.stats.periods import closing
from services.stats.queries import classifications as stored
from services.stats.queries.classifications import Entry, Kind
from shared.db import Tx

MOST_FAULTS = 100


async def load_designations(tx: Tx, command: LoadDesignations) -> views.ListVersion:
    """The next version of the designation list. Raises ListInvalid (naming row and field), StaleList."""
    before = await classifications.current(tx)
    _require(classifications.faults_of_listings(command.rows, before))
    rows = classifications.merged(before.listings, command.rows, whole=command.whole)
    return await _enter(tx, "designations", before.versions["designations"] + 1, rows, command)


async def load_divisions(tx: Tx, command: LoadDivisions) -> views.ListVersion:
    """The next version of the list of divisions. Raises ListInvalid (naming row and field), StaleList."""
    before = await classifications.current(tx)
    rows = classifications.merged(before.divisions, command.rows, whole=command.whole)
    _require(classifications.faults_of_divisions(command.rows, rows, before))
    return await _enter(tx, "divisions", before.versions["divisions"] + 1, rows, command)


def _require(faults: Sequence[Fault]) -> None:
    if faults:
        first = faults[0]
        field = first.field if first.row is None else f"rows.{first.row}.{first.field}"
        told = [{"row": fault.row, "field": fault.field, "problem": fault.problem} for fault in faults[:MOST_FAULTS]]
        raise ListInvalid(first.problem, field=field, state=told)


async def _enter(
    tx: Tx, kind: Kind, version: int, rows: Sequence[Listing | Division], command: LoadDesignations | LoadDivisions
) -> views.ListVersion:
    told = await closing.by_listing(tx)
    entry = await _stored(tx, kind, version, rows, command.source, command.reason, tx.clock.today())
    await closing.restate_listing(tx, told)
    return views.list_version(entry)


async def suppose_designations(tx: Tx, listings: Sequence[Listing], on: date) -> None:
    """For a scenario: as the newest list, known on the day of the question. Raises ListInvalid."""
    before = await classifications.current(tx)
    _require(classifications.faults_of_listings(listings, before))
    rows = classifications.merged(before.listings, listings, whole=False)
    await _stored(tx, "designations", before.versions["designations"] + 1, rows, "scenario", "scenario", on)


async def _stored(tx: Tx, kind: Kind, version: int, rows: Sequence[Listing | Division], source: str, reason: str, on: date) -> Entry:
    if len(rows) > classifications.MOST_ROWS:
        raise ListInvalid(f"a list has at most {classifications.MOST_ROWS} rows, this would have {len(rows)}", field="rows")
    plain = [row.model_dump(mode="json", by_alias=True) for row in rows]
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    entry = Entry(kind, version, digest, len(plain), source, reason, str(tx.principal), tx.clock.now(), on)
    if not await stored.add(tx, entry, plain):
        raise StaleList(field="rows")
    return entry


async def versions(tx: Tx) -> list[views.ListVersion]:
    """Every version of every list that was loaded."""
    return [views.list_version(entry) for entry in await stored.history(tx)]


async def designations(tx: Tx, known_on: date | None, after: int, limit: int) -> views.Designations:
    """A page of the designation list in force, or as entered by a day."""
    found = await classifications.current(tx, known_on)
    return views.designations(found.versions["designations"], found.listings, after, limit)


async def divisions(tx: Tx, known_on: date | None, after: int, limit: int) -> views.Divisions:
    """A page of the list of divisions in force, or as entered by a day."""
    found = await classifications.current(tx, known_on)
    return views.divisions(found.versions["divisions"], found.divisions, after, limit)
