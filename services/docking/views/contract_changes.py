"""What has changed about a contract since the departure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import contract_changes as domain
from services.docking.domain.placements import Placement
from services.docking.views.placements import Contract, contract
from shared.values import ChangeId, EmployerId, PlacementId, WorkerId


class ContractChange(BaseModel, frozen=True):
    change: ChangeId
    kind: domain.ChangeKind
    effective: date
    previous_end: date
    end: date
    employer_id: EmployerId | None
    voided: domain.ChangeVoidReason | None


class Changes(BaseModel, frozen=True):
    """`contract` and `employer_id` as they are now; no `employer_id`: the employer of the order."""

    placement: PlacementId
    worker: WorkerId
    contract: Contract | None
    employer_id: EmployerId | None
    items: tuple[ContractChange, ...]
    version: int


def changes(placement: Placement, found: Sequence[domain.ContractChange]) -> Changes:
    return Changes(
        placement=placement.id,
        worker=placement.worker,
        contract=contract(placement.contract) if placement.contract else None,
        employer_id=placement.employer_id,
        items=tuple(map(_change, found)),
        version=placement.version,
    )


def _change(one: domain.ContractChange) -> ContractChange:
    return ContractChange(
        change=one.id,
        kind=one.kind,
        effective=one.effective,
        previous_end=one.before.end,
        end=one.after.end,
        employer_id=one.employer_after,
        voided=one.voided,
    )
