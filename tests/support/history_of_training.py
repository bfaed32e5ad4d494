"""Steps of random histories about training: results and certificates that had another day than published, or are taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared import events
from shared.values import new_id
from tests.support.world import World, worker_id

if TYPE_CHECKING:
    from tests.support.history import Step


def _about(step: Step) -> dict[str, Any]:
    of = step.fact(step.day)
    codes = {"origin": of.origin, "destination": of.destination, "occupation": of.occupation, "effective": step.day}
    return {**codes, "course": UUID(int=4), "enrolment": new_id(), "worker": worker_id(1), "placement": new_id(), "serial": "S"}


def _examine_again(world: World, step: Step) -> None:
    days = ((2, step.day - timedelta(step.other)), (3, step.day))
    previous, fact = ({"score": 70, "passed": step.codes % divisor > 0, "assessed_on": day} for divisor, day in days)
    corrected = {**_about(step), "previous": previous, "fact": fact, "reason": "mistyped", "approver": None}
    world.publish(events.AssessmentCorrected.model_validate(corrected), step.day + timedelta(step.late))


def _certify_again(world: World, step: Step) -> None:
    previous, fact = ({"issued_on": day, "valid_to": day, "minutes": 480} for day in (step.day - timedelta(step.other), step.day))
    corrected = {**_about(step), "previous": previous, "fact": fact, "reason": "mistyped", "approver": None}
    world.publish(events.CertificateCorrected.model_validate(corrected), step.day + timedelta(step.late))


def _revoke(world: World, step: Step) -> None:
    """An older event does not say when the certificate was issued."""
    day = step.day - timedelta(step.other)
    issued = {"issued_on": day, "valid_to": day, "minutes": 480} if step.codes % 4 else None
    revoked = {**_about(step), "reason": "fraud", "issued": issued}
    world.publish(events.CertificateRevoked.model_validate(revoked), step.day + timedelta(step.late))


TRAINING_STEPS: Mapping[str, Callable[[World, Step], None]] = {
    "examine again": _examine_again,
    "certify again": _certify_again,
    "revoke": _revoke,
}
