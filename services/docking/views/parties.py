"""Enterprises and employers by their names."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel


class PartyName(BaseModel, frozen=True):
    party: UUID
    name: str


class PartyNames(BaseModel, frozen=True):
    """In no order; without those that there are not."""

    items: tuple[PartyName, ...]
