"""The baseline of the write path: FastAPI and asyncpg, as many bytes as `POST /enterprises` of docking writes, in one insert.

The row has the enterprise, its event, the notification of it, the line of the history, and the answer, which is sent as it was stored: in
all not more than the command writes and not a tenth less (tests/integration/test_bench_baseline.py).

What it leaves out: it believes whoever calls, decides nothing, does a repeat again, looks for nobody who wants the notification, sends the
event nowhere, and keeps everything in one table with two indexes and without a CHECK.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel

TABLE = """
CREATE TABLE enterprise (
    enterprise uuid PRIMARY KEY, name text NOT NULL, licence_no text NOT NULL UNIQUE, scope text[] NOT NULL, destinations text[] NOT NULL,
    valid_to date NOT NULL, state text NOT NULL, since date NOT NULL, version integer NOT NULL,
    audiences text[] NOT NULL, event text NOT NULL, notice text NOT NULL, change text NOT NULL, answer text NOT NULL
)
"""
INSERT = """
INSERT INTO enterprise (
    enterprise, name, licence_no, scope, destinations, valid_to, state, since, version, audiences, event, notice, change, answer
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
TYPE, ACTOR = "bare.EnterpriseQualified.v1", "officer:bench"


class Enterprise(BaseModel):
    name: str
    licence_no: str
    scope: list[str]
    destinations: list[str]
    valid_to: date


class Entered(Enterprise):
    enterprise: UUID
    seat: str | None = None
    state: str = "active"
    since: date
    suspended_for: list[str] = []
    reserve: int = 0
    reserve_due: date | None = None
    plan: str | None = None
    version: int = 1


class Notice(BaseModel):
    enterprise: UUID
    licence_no: str
    valid_to: date
    effective: date


class Change(BaseModel):
    """Who recorded what of whom, and by which request."""

    subject: UUID
    event: UUID
    type: str = TYPE
    actor: str = ACTOR
    recorded: datetime
    effective: date
    request: str


class Qualified(BaseModel):
    """A CloudEvent."""

    specversion: str = "1.0"
    id: UUID
    source: str = "/bare"
    type: str = TYPE
    subject: UUID
    time: datetime
    datacontenttype: str = "application/json"
    dataschema: str = f"/asyncapi#{TYPE}"
    correlationid: str
    causationid: str
    actor: str = ACTOR
    data: Entered


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    size = int(os.environ["POOL_SIZE"])
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2, max_size=size) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/readyz")
async def readyz() -> dict[str, bool]:
    return {"ready": True}


@app.post("/enterprises", status_code=201, response_model=Entered)
async def enter(body: Enterprise) -> Response:
    values = row(body)
    async with app.state.pool.acquire() as conn, conn.transaction():
        await conn.execute(INSERT, *values)
    return Response(values[-1], 201, media_type="application/json")


def row(body: Enterprise) -> tuple[Any, ...]:
    """What INSERT takes; the answer is the last."""
    now, event_id, request = datetime.now(UTC), uuid4(), uuid4().hex
    one = Entered(enterprise=uuid4(), since=now.date(), **body.model_dump())
    event = Qualified(id=event_id, subject=one.enterprise, time=now, correlationid=request, causationid=f"request:{request}", data=one)
    notice = Notice(enterprise=one.enterprise, licence_no=one.licence_no, valid_to=one.valid_to, effective=one.since)
    change = Change(subject=one.enterprise, event=event_id, recorded=now, effective=one.since, request=event.causationid)
    return (
        one.enterprise,
        one.name,
        one.licence_no,
        one.scope,
        one.destinations,
        one.valid_to,
        one.state,
        one.since,
        one.version,
        [f"enterprise:{one.enterprise}", "officer:CN"],
        event.model_dump_json(),
        notice.model_dump_json(),
        change.model_dump_json(),
        one.model_dump_json(),
    )


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["HTTP_PORT"]), log_config=None, access_log=False)
