"""Emergencies and their roll-calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import BaseModel

from services.rights.domain import emergencies
from services.rights.domain.emergencies import UNACCOUNTED, Authority, Condition, EmergencyKind, EmergencyState, Reporter, Whereabouts
from services.rights.domain.ledgers import Ledger
from shared.values import CountyCode, Destination, EmergencyId, EnterpriseId, Grade, PlacementId, WorkerId


class Emergency(BaseModel, frozen=True):
    emergency: EmergencyId
    destination: Destination
    region: str | None
    kind: EmergencyKind
    grade: Grade
    since: date
    authority: Authority
    text: str
    declared_at: datetime
    state: EmergencyState
    ended_at: datetime | None
    end_reason: str | None
    version: int

    @classmethod
    def from_emergency(cls, one: emergencies.Emergency) -> Emergency:
        return cls(
            emergency=one.emergency,
            destination=one.destination,
            region=one.region,
            kind=one.kind,
            grade=one.grade,
            since=one.since,
            authority=one.authority,
            text=one.text,
            declared_at=one.declared_at,
            state=one.state,
            ended_at=one.ended_at,
            end_reason=one.end_reason,
            version=one.version,
        )


class Emergencies(BaseModel, frozen=True):
    items: tuple[Emergency, ...]
    next: str | None


class Counts(BaseModel, frozen=True):
    """`pending`: nothing is known; `missing`: looked for. All others are accounted for."""

    total: int
    accounted: int
    missing: int
    pending: int
    by_condition: dict[Condition, int]

    @classmethod
    def of(cls, counts: Mapping[Condition, int]) -> Counts:
        total = sum(counts.values())
        return cls(
            total=total,
            accounted=total - sum(counts.get(one, 0) for one in UNACCOUNTED),
            missing=counts.get(Condition.MISSING, 0),
            pending=counts.get(Condition.PENDING, 0),
            by_condition=dict(sorted(counts.items())),
        )


class EnterpriseCounts(BaseModel, frozen=True):
    enterprise: EnterpriseId
    counts: Counts


class ProvinceCounts(BaseModel, frozen=True):
    province: str
    counts: Counts


class Progress(BaseModel, frozen=True):
    """Of the workers that the caller may see."""

    emergency: EmergencyId
    state: EmergencyState
    total: Counts
    by_enterprise: tuple[EnterpriseCounts, ...]
    by_province: tuple[ProvinceCounts, ...]


class Member(BaseModel, frozen=True):
    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    county: CountyCode
    condition: Condition
    whereabouts: Whereabouts
    reported_by: Reporter | None
    accounted_on: date | None

    @classmethod
    def from_member(cls, member: emergencies.Member, ledger: Ledger) -> Member:
        return cls(
            placement=member.placement,
            worker=ledger.worker,
            enterprise=ledger.enterprise,
            county=ledger.county,
            condition=member.condition,
            whereabouts=member.whereabouts,
            reported_by=member.reported_by,
            accounted_on=member.accounted_on,
        )


class Members(BaseModel, frozen=True):
    items: tuple[Member, ...]
    next: str | None
