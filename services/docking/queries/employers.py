"""Foreign employers."""

from __future__ import annotations

from collections.abc import Sequence

from services.docking.domain.employers import Employer
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch_one
from shared.values import Destination, EmployerId

EMPLOYER = Columns(Employer, "id, name, destination, registration_no, licence_no, registered_on, version")
GET = EMPLOYER.select("FROM employer WHERE id = $1")
GET_ID = "SELECT id FROM employer WHERE destination = $1 AND registration_no = $2"
LIST = EMPLOYER.pages(
    "employer",
    "($1::text IS NULL OR destination = $1) AND ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0)",
    "name text",
    "registered_on date",
)
INSERT = """
INSERT INTO employer (id, name, destination, registration_no, licence_no, registered_on) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (destination, registration_no) DO NOTHING RETURNING true
"""


async def get(tx: Tx, employer: EmployerId) -> Employer | None:
    return await fetch_one(tx.conn, GET, employer)


async def get_id(tx: Tx, destination: Destination, registration_no: str) -> EmployerId | None:
    """The employer with this number in the host state's register."""
    found = await tx.conn.fetchval(GET_ID, destination, registration_no)
    return None if found is None else EmployerId(found)


async def list_(tx: Tx, page: Page, destination: Destination | None, name: str | None) -> tuple[Sequence[Employer], str | None]:
    """`name`: a part of it."""
    return await fetch_page(tx.conn, LIST, page, destination, name)


async def insert(tx: Tx, one: Employer) -> bool:
    """False when the number is registered already."""
    inserted = await tx.conn.fetchval(INSERT, one.id, one.name, one.destination, one.registration_no, one.licence_no, one.registered_on)
    return bool(inserted)
