"""Notices of breaches and penalties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import notices as domain
from shared.values import EmployerId, EnterpriseId, Money, NoticeId


class Notice(BaseModel, frozen=True):
    notice: NoticeId
    enterprise: EnterpriseId | None
    employer: EmployerId | None
    breach: domain.Breach
    penalty: domain.Penalty
    fine: Money | None
    decision_no: str
    decided_on: date
    since: date
    until: date | None
    state: domain.NoticeState
    withdrawn_on: date | None
    version: int


class Notices(BaseModel, frozen=True):
    items: tuple[Notice, ...]
    next: str | None


def notice(one: domain.Notice) -> Notice:
    return Notice(
        notice=one.id,
        enterprise=one.enterprise,
        employer=one.employer,
        breach=one.breach,
        penalty=one.penalty,
        fine=one.fine,
        decision_no=one.decision_no,
        decided_on=one.decided_on,
        since=one.since,
        until=one.until,
        state=one.state,
        withdrawn_on=one.withdrawn_on,
        version=one.version,
    )


def notices(found: Sequence[domain.Notice], cursor: str | None) -> Notices:
    return Notices(items=tuple(notice(one) for one in found), next=cursor)
