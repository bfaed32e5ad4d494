"""What became of the rows of an adoption."""

from __future__ import annotations

from pydantic import BaseModel

from shared.listed_rows import Refusal
from shared.values import PlacementId


class Adoption(BaseModel, frozen=True):
    accepted: int
    refused: tuple[Refusal, ...]
    placements: tuple[PlacementId, ...]
