"""Duplicates: two registrations that may be one person's, who decides on them, and what the survivor takes over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.registration.domain.corrections import account
from services.registration.domain.errors import (
    BothAbroad,
    DuplicateDecided,
    SameWorker,
    SecondApproverNeeded,
    StaysOverlap,
    SurvivorNotInPair,
    SurvivorNotVerified,
)
from services.registration.domain.stays import Stay, first_overlap
from services.registration.domain.workers import Assurance, Worker
from shared.values import DuplicateId, WorkerId

MatchedKey = Literal["document", "person", "by_hand"]  # `person`: name in Latin letters, birth date and county
LinkReason = Literal["same_document", "same_person_seen", "worker_said", "relatives_said"]
HeldFor = Literal["both_abroad", "stays_overlap"]
MergeRejection = Literal["different_people", "document_mistyped", "not_proven"]


class DuplicateState(StrEnum):
    SUSPECTED = "suspected"  # a key found it
    LINKED = "linked"  # somebody states it
    MERGED = "merged"
    REJECTED = "rejected"  # not suspected again; somebody may still link it
    SUPERSEDED = "superseded"  # nothing is left to decide: the survivor of a merge had the pair already, or one of the two was erased


class Step(StrEnum):
    LINK = "link"
    CONFIRM = "confirm"
    REJECT = "reject"


_S = DuplicateState
DUPLICATE_STEPS: Mapping[tuple[DuplicateState, Step], DuplicateState] = {
    (_S.SUSPECTED, Step.LINK): _S.LINKED,
    (_S.REJECTED, Step.LINK): _S.LINKED,
    (_S.SUSPECTED, Step.CONFIRM): _S.MERGED,
    (_S.LINKED, Step.CONFIRM): _S.MERGED,
    (_S.SUSPECTED, Step.REJECT): _S.REJECTED,
    (_S.LINKED, Step.REJECT): _S.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Two registrations. `earlier` and `later` by their ids, which grow with time."""

    duplicate: DuplicateId
    earlier: WorkerId
    later: WorkerId
    keys: tuple[MatchedKey, ...]
    state: DuplicateState
    found_at: datetime
    linked_for: LinkReason | None = None
    linked_by: str | None = None
    linked_at: datetime | None = None
    rejected_for: MergeRejection | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    survivor: WorkerId | None = None
    held_for: HeldFor | None = None  # merged, and docking cannot carry it out as things are recorded

    @property
    def workers(self) -> tuple[WorkerId, WorkerId]:
        return self.earlier, self.later


def pair(one: WorkerId, other: WorkerId) -> tuple[WorkerId, WorkerId]:
    """In the order in which pairs are kept and their workers locked. Raises SameWorker."""
    if one == other:
        raise SameWorker(field="other")
    return (one, other) if one < other else (other, one)


def duplicate_after(state: DuplicateState, step: Step) -> DuplicateState:
    """Raises DuplicateDecided."""
    following = DUPLICATE_STEPS.get((state, step))
    if following is None:
        raise DuplicateDecided(state=state)
    return following


def confirm(duplicate: Duplicate, by: str, *, same_identity: bool) -> DuplicateState:
    """The state after the merge. Where the identities differ one person links the two and another one confirms.

    Raises DuplicateDecided, SecondApproverNeeded.
    """
    following = duplicate_after(duplicate.state, Step.CONFIRM)
    if not same_identity and (duplicate.linked_by is None or account(by) == account(duplicate.linked_by)):
        raise SecondApproverNeeded("the identities differ: one person links the two, a second one confirms")
    return following


def survivor_first(workers: tuple[Worker, Worker], survivor: WorkerId) -> tuple[Worker, Worker]:
    """(survivor, absorbed). Raises SurvivorNotInPair, SurvivorNotVerified: a document that was seen is not given up."""
    one, other = workers
    if survivor not in (one.worker, other.worker):
        raise SurvivorNotInPair(field="survivor")
    staying, going = (one, other) if one.worker == survivor else (other, one)
    if staying.assurance is Assurance.PROVISIONAL and going.assurance is Assurance.VERIFIED:
        raise SurvivorNotVerified(field="survivor", state={"verified": going.worker_no})
    return staying, going


def require_apart(stays: Iterable[Stay]) -> None:
    """Of both: one person is not in two places. Raises BothAbroad, StaysOverlap."""
    found = first_overlap(stays)
    if found is None:
        return
    one, other = found
    state = {"departed_on": [one.departed_on, other.departed_on]}
    if one.returned_on is None and other.returned_on is None:
        raise BothAbroad(state=state)
    raise StaysOverlap(state=state)


def used_up(worker: Worker, stays: Iterable[Stay]) -> bool:
    """Whether the worker has left, under either number, since the willingness was stated: it ended with the departure."""
    since = worker.willingness_since
    return worker.is_willing and since is not None and any(since <= stay.departed_on for stay in stays)


def later_offer(survivor: Worker, absorbed: Worker) -> Worker:
    """Whose offer counts from now on: the one stated last of those in force; on the same day the survivor's."""
    if absorbed.offer is None or not absorbed.is_willing:
        return survivor
    if not survivor.is_willing or survivor.willingness_since is None or absorbed.willingness_since is None:
        return absorbed
    return absorbed if absorbed.willingness_since > survivor.willingness_since else survivor


def with_household(survivor: Worker, absorbed: Worker) -> Worker:
    """What is known of the household of one is known of both; where both are known the survivor's stays."""
    from_absorbed = survivor.household_status.value == "unknown" and absorbed.household_status.value != "unknown"
    return replace(survivor, household_status=absorbed.household_status) if from_absorbed else survivor
