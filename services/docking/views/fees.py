"""What is charged for a placement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import fees as domain
from services.docking.domain.placements import Placement, PlacementState
from shared.values import FeeId, FeeItem, FeePayer, Money, PlacementId, WorkerId


class Fee(BaseModel, frozen=True):
    fee: FeeId
    payer: FeePayer
    item: FeeItem
    amount: Money
    charged_on: date
    voided: domain.FeeVoidReason | None


class Decree620(BaseModel, frozen=True):
    """C5: the service fees of the worker within a cap, which is not known before there is a contract."""

    cap: Money | None
    met: bool


class Ilo(BaseModel, frozen=True):
    """General principles and definition of 2018: no recruitment fee and no related cost is charged to the worker."""

    charged: tuple[Money, ...]  # to the worker, in each currency
    met: bool


class Fees(BaseModel, frozen=True):
    placement: PlacementId
    worker: WorkerId
    state: PlacementState
    items: tuple[Fee, ...]
    decree_620: Decree620
    ilo: Ilo
    version: int


def fees(placement: Placement, known: Sequence[domain.Fee], read: domain.Standards) -> Fees:
    return Fees(
        placement=placement.id,
        worker=placement.worker,
        state=placement.state,
        items=tuple(map(_fee, known)),
        decree_620=Decree620(cap=read.cap, met=read.within_cap),
        ilo=Ilo(charged=read.charged, met=read.free),
        version=placement.version,
    )


def _fee(one: domain.Fee) -> Fee:
    charge = one.charge
    return Fee(fee=one.id, payer=charge.payer, item=charge.item, amount=charge.amount, charged_on=charge.charged_on, voided=one.voided)
