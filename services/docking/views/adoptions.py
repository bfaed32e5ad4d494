"""What became of the rows of an adoption."""

from __future__ import annotations

from pydantic import BaseModel

from shared.values import PlacementId


class Refusal(BaseModel, frozen=True):
    """A row that was not adopted: its number from 0, the field, and a stable code."""

    row: int
    field: str | None
    code: str


class Adoption(BaseModel, frozen=True):
    accepted: int
    refused: tuple[Refusal, ...]
    placements: tuple[PlacementId, ...]
