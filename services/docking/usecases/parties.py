"""Names of enterprises and employers, for whoever shows their ids."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.docking.queries import parties
from services.docking.views.parties import PartyName, PartyNames
from shared.db import Tx


async def list_party_names(tx: Tx, ids: Sequence[UUID]) -> PartyNames:
    names = await parties.list_names(tx, ids)
    return PartyNames(items=tuple(PartyName(party=party, name=name) for party, name in names.items()))
