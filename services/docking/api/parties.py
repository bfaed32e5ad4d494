"""Names of enterprises and employers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.docking.api.callers import RegisterReader
from services.docking.usecases import parties
from services.docking.views.parties import PartyNames

router = APIRouter()


@router.get("/party-names")
async def list_party_names(
    call: RegisterReader, party: Annotated[list[UUID], Query(max_length=200, description="ids of enterprises and employers, repeated")]
) -> PartyNames:
    """The names of enterprises and foreign employers, by id."""
    return await call.query(lambda tx: parties.list_party_names(tx, party))
