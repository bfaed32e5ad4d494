"""Lists that report the same of many placements: each row is judged by itself, and what the good ones change is written together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from services.docking.domain.errors import NamedTwice, PlacementNotFound
from services.docking.domain.placements import Placement
from services.docking.queries import placements
from services.docking.usecases import scope
from shared.db import Tx
from shared.errors import Refused, require_version
from shared.listed_rows import Refusal, RowsRecorded, by_row, refusal
from shared.principals import Forbidden, Principal
from shared.values import PlacementId

Form = TypeVar("Form", bound=BaseModel)
T = TypeVar("T")


class PlacementRow(Protocol):
    """What every row of such a list names."""

    @property
    def placement(self) -> PlacementId: ...

    @property
    def version(self) -> int | None: ...


Row = TypeVar("Row", bound=PlacementRow)


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """The rows that are sound so far, by number from 0, each with its placement; and the refusals of the others."""

    sound: Mapping[int, tuple[Row, Placement]]
    refused: list[Refusal]

    @property
    def placements(self) -> list[PlacementId]:
        return [found.id for _, found in self.sound.values()]

    def judge(self, decide: Callable[[Row, Placement], T]) -> list[T]:
        """What `decide` makes of each sound row; those that it refuses are answered for."""
        good = []
        for number, (row, found) in self.sound.items():
            try:
                good.append(decide(row, found))
            except Refused as error:
                self.refused.append(refusal(number, error))
        return good

    def answer(self, recorded: Sequence[object]) -> RowsRecorded:
        return RowsRecorded(recorded=len(recorded), refused=by_row(self.refused))


def parse_rows(form: type[Form], raw: Sequence[dict[str, Any]]) -> tuple[dict[int, Form], list[Refusal]]:
    """The rows of the required form by number, and the refusals of the others."""
    rows, refused = {}, []
    for number, one in enumerate(raw):
        try:
            rows[number] = form.model_validate_json(json.dumps(one))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            refused.append(Refusal(row=number, field=field[:200] or None, code=first["type"].upper()))
        except RecursionError:  # nested as deeply as a body may just be: to write it takes more of the stack than to read it did
            refused.append(Refusal(row=number, field=None, code="JSON_INVALID"))
    return rows, refused


def judge(rows: Mapping[int, Form], decide: Callable[[Form], T], refused: list[Refusal]) -> dict[int, T]:
    """What `decide` makes of each row, by number; those that it refuses are answered for."""
    good = {}
    for number, row in rows.items():
        try:
            good[number] = decide(row)
        except (Refused, Forbidden) as error:
            refused.append(refusal(number, error))
    return good


async def lock_rows(tx: Tx, rows: Mapping[int, Row], refused: list[Refusal]) -> Rows[Row]:
    """Those whose placement is in scope, at the version named, and stands in the list once; all are locked."""
    found = await placements.lock_all(tx, sorted({row.placement for row in rows.values()}))
    sound: dict[int, tuple[Row, Placement]] = {}
    named: set[PlacementId] = set()
    for number, row in rows.items():
        try:
            sound[number] = (row, _require(tx.principal, row, found.get(row.placement), named))
        except Refused as error:
            refused.append(refusal(number, error))
        except Forbidden:
            refused.append(Refusal(row=number, field="placement", code="FORBIDDEN"))
    return Rows(sound, refused)


def _require(who: Principal, row: PlacementRow, found: Placement | None, named: set[PlacementId]) -> Placement:
    """Raises PlacementNotFound, Forbidden, VersionConflict, NamedTwice."""
    if found is None:
        raise PlacementNotFound(field="placement")
    scope.require_placement(who, found)
    require_version(row.version, found.version)
    if found.id in named:
        raise NamedTwice(field="placement")
    named.add(found.id)
    return found
