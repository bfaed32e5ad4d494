"""What a service's tables hold about one worker, table by table: for the copy that a worker may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.db import Tx
from shared.principals import require_county
from shared.values import WorkerId

Statements = Mapping[str, str]  # table -> SELECT of one column of JSON, with the worker as $1


class Records(BaseModel):
    """Table -> its rows about the worker, each as the table has it. A table without any is absent."""

    model_config = ConfigDict(frozen=True)

    worker: WorkerId
    tables: dict[str, list[dict[str, Any]]]


async def list_records(tx: Tx, statements: Statements, worker: WorkerId, *, county_in: str) -> Records:
    """To whoever covers the county in the last row of the table `county_in`: where the worker lived when it was written.

    Raises Forbidden.
    """
    found = {table: [row[0] for row in await tx.conn.fetch(statement, worker)] for table, statement in statements.items()}
    if found[county_in]:
        require_county(tx.principal, found[county_in][-1]["county"])
    return Records(worker=worker, tables={table: rows for table, rows in found.items() if rows})
