"""The copy of what is held about a worker."""

from __future__ import annotations

from services.training.queries import merges
from services.training.queries.records import RECORDS
from shared.db import Tx
from shared.records import Records, list_records
from shared.values import WorkerId


async def list_of_worker(tx: Tx, worker: WorkerId) -> Records:
    """Also by a number that was merged into another. Nothing about a worker who is not known here. Raises Forbidden."""
    return await list_records(tx, RECORDS, await merges.get_current(tx, worker), county_in="need")
