"""Designation lists and divisions, loaded whole or county by county; closed periods are restated by what a list changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.stats.commands import LoadDesignations, LoadDivisions
from services.stats.domain.classifications import Division, Listing
from services.stats.domain.errors import ListInvalid, StaleList
from services.stats.figures import classifications
from services.stats.figures.classifications import Fault
from services.stats.periods import restatement
from services.stats.queries import classifications as stored
from services.stats.queries.classifications import Kind, ListVersion
from services.stats.usecases.suppositions import supposed_after
from services.stats.views import classifications as views
from shared.db import Tx

MOST_FAULTS = 100


async def load_designations(tx: Tx, command: LoadDesignations) -> views.ListVersion:
    """The next version of the designation list. Raises ListInvalid (naming row and field), StaleList."""
    before = await classifications.in_force(tx)
    _require(classifications.faults_of_listings(command.rows, before))
    rows = classifications.merged(before.listings, command.rows, whole=command.whole)
    return await _enter(tx, "designations", before.versions["designations"] + 1, rows, command)


async def load_divisions(tx: Tx, command: LoadDivisions) -> views.ListVersion:
    """The next version of the list of divisions. Raises ListInvalid (naming row and field), StaleList."""
    before = await classifications.in_force(tx)
    rows = classifications.merged(before.divisions, command.rows, whole=command.whole)
    _require(classifications.faults_of_divisions(command.rows, rows, before))
    return await _enter(tx, "divisions", before.versions["divisions"] + 1, rows, command)


def _require(faults: Sequence[Fault]) -> None:
    if faults:
        first = faults[0]
        field = first.field if first.row is None else f"rows.{first.row}.{first.field}"
        faulty = [{"row": fault.row, "field": fault.field, "problem": fault.problem} for fault in faults[:MOST_FAULTS]]
        raise ListInvalid(first.problem, field=field, state=faulty)


async def _enter(
    tx: Tx, kind: Kind, version: int, rows: Sequence[Listing | Division], command: LoadDesignations | LoadDivisions
) -> views.ListVersion:
    before = await restatement.closed_by_listing(tx)
    entered = await _store(tx, _version(tx, kind, version, command.source, command.reason), rows)
    await restatement.restate_listing(tx, before)
    return views.list_version(entered)


async def suppose_designations(tx: Tx, listings: Sequence[Listing], on: date) -> None:
    """For a scenario: as the newest list, known on the day of the question. Raises ListInvalid."""
    before = await classifications.in_force(tx)
    _require(classifications.faults_of_listings(listings, before))
    rows = classifications.merged(before.listings, listings, whole=False)
    version = supposed_after(before.versions["designations"])
    await _store(tx, _version(tx, "designations", version, "scenario", "scenario", on=on), rows)


def _version(tx: Tx, kind: Kind, version: int, source: str, reason: str, *, on: date | None = None) -> ListVersion:
    """Without its rows."""
    return ListVersion(
        kind=kind,
        version=version,
        digest="",
        size=0,
        source=source,
        reason=reason,
        entered_by=str(tx.principal),
        entered_at=tx.clock.now(),
        entered_on=on or tx.clock.today(),
    )


async def _store(tx: Tx, version: ListVersion, rows: Sequence[Listing | Division]) -> ListVersion:
    if len(rows) > classifications.MOST_ROWS:
        raise ListInvalid(f"a list has at most {classifications.MOST_ROWS} rows, this would have {len(rows)}", field="rows")
    plain = [row.model_dump(mode="json", by_alias=True) for row in rows]
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    entered = replace(version, digest=digest, size=len(plain))
    if not await stored.insert(tx, entered, plain):
        raise StaleList(field="rows")
    return entered


async def versions(tx: Tx) -> list[views.ListVersion]:
    """Every version of every list that was loaded."""
    return [views.list_version(entered) for entered in await stored.list_(tx)]


async def designations(tx: Tx, known_on: date | None, after: int, limit: int) -> views.Designations:
    """A page of the designation list in force, or as entered by a day."""
    found = await classifications.in_force(tx, known_on)
    return views.designations(found.versions["designations"], found.listings, after, limit)


async def divisions(tx: Tx, known_on: date | None, after: int, limit: int) -> views.Divisions:
    """A page of the list of divisions in force, or as entered by a day."""
    found = await classifications.in_force(tx, known_on)
    return views.divisions(found.versions["divisions"], found.divisions, after, limit)
