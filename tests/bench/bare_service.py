"""The baseline of the write path: FastAPI and asyncpg, one row in one transaction; no authentication, no idempotency, no event."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

TABLE = """
CREATE TABLE enterprise (
    enterprise uuid PRIMARY KEY, name text NOT NULL, licence_no text NOT NULL UNIQUE, scope text[] NOT NULL, destinations text[] NOT NULL,
    valid_to date NOT NULL, state text NOT NULL, version integer NOT NULL
)
"""
INSERT = """
INSERT INTO enterprise (enterprise, name, licence_no, scope, destinations, valid_to, state, version)
VALUES ($1, $2, $3, $4, $5, $6, 'active', 1)
"""


class Enterprise(BaseModel):
    name: str
    licence_no: str
    scope: list[str]
    destinations: list[str]
    valid_to: date


class Entered(Enterprise):
    enterprise: UUID


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    size = int(os.environ["POOL_SIZE"])
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2, max_size=size) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/readyz")
async def readyz() -> dict[str, bool]:
    return {"ready": True}


@app.post("/enterprises", status_code=201)
async def enter(body: Enterprise) -> Entered:
    entered = Entered(enterprise=uuid4(), **body.model_dump())
    async with app.state.pool.acquire() as conn, conn.transaction():
        await conn.execute(INSERT, entered.enterprise, body.name, body.licence_no, body.scope, body.destinations, body.valid_to)
    return entered


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["HTTP_PORT"]), log_config=None, access_log=False)
