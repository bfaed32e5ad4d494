"""The clearance saga: requested here, waiting for training's certificate, granted or refused, withdrawn with its certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from services.docking.clearance import certificate, checks
from services.docking.commands import clearances as commands
from services.docking.domain import errors
from services.docking.domain.certificates import TrainingCertificate
from services.docking.domain.placements import Placement, PlacementState, Step, asked_again, state_after
from services.docking.queries import (
    certificates,
    clearances,
    enterprises,
    fees,
    merges,
    orders,
    placements,
    workers,
)
from services.docking.settings import policy
from services.docking.usecases.event_fields import placement_event
from services.docking.usecases.placement_rows import lock_rows, parse_rows
from services.docking.usecases.placements import cancel, get, load, save
from services.docking.views import clearance_papers as papers
from services.docking.views import placements as views
from shared import events
from shared.db import Tx
from shared.delivery.consumer import because_of
from shared.events import EventEnvelope
from shared.listed_rows import RowsRecorded
from shared.papers.parts import Paper
from shared.signing import signing_key
from shared.values import PlacementId


async def request_clearance(tx: Tx, placement: PlacementId, command: commands.RequestClearance) -> views.Placement:
    """Granted at once, refused at once, or waiting until the training certificate comes or the time is up.

    A clearance that lapses, or whose flight was put off, is asked for again: it is withdrawn and decided anew.
    Raises IllegalStep, PastDay, and those of load. A refusal is an answer, not an error: `failed` names the checks.
    """
    found = await load(tx, placement, command.version)
    decided, failed = await _ask(tx, found, _requested(tx.clock.today(), command, found))
    return views.placement(decided, failed=failed)


async def request_clearances(tx: Tx, command: commands.RequestClearances) -> RowsRecorded:
    """Each good row is decided, one after the other: whoever is cleared counts for the next; each bad one is answered with its field and
    code. A refusal of the clearance is no bad row.
    """
    rows = await lock_rows(tx, *parse_rows(commands.ListedClearance, command.rows))
    requested = rows.judge(lambda row, found: (found, _requested(tx.clock.today(), row, found)))
    return rows.answer([await _ask(tx, *one) for one in requested])


def _requested(today: date, command: commands.RequestClearance, found: Placement) -> Placement:
    """Raises IllegalStep, PastDay."""
    state = state_after(found.state, Step.REQUEST_CLEARANCE)
    if command.planned_departure is not None and command.planned_departure < today:
        raise errors.PastDay(field="planned_departure")
    due = today + timedelta(days=policy().docking_clearance_wait_days)
    return replace(asked_again(found), state=state, due=due, since=today, planned_departure=command.planned_departure)


async def _ask(tx: Tx, found: Placement, requested: Placement) -> tuple[Placement, tuple[checks.Check, ...]]:
    """The placement once it is decided, and the checks that failed."""
    outcome = await _assess(tx, requested)
    decided, decision = await _decide(tx, requested, outcome)
    asked = [*_given_up(tx, found), placement_event(tx, events.ClearanceRequested, requested, due=requested.due)]
    return await save(tx, decided, *asked, *decision), outcome.failed


def _given_up(tx: Tx, placement: Placement) -> list[events.Event]:
    """The withdrawal of a clearance that was in force until another was asked for."""
    ends = placement.clearance_valid_to
    if placement.state is not PlacementState.CLEARED or ends is None or ends < tx.clock.today():
        return []
    return [placement_event(tx, events.ClearanceWithdrawn, placement, reason="asked_again")]


async def _assess(tx: Tx, placement: Placement) -> checks.Outcome:
    """The caller holds the placement's lock, and so does whoever records or revokes a certificate of its worker."""
    order = await orders.get(tx, placement.order)
    enterprise = await enterprises.get(tx, placement.enterprise)
    rules = policy()
    circumstances = await clearances.get(tx, placement, at_most=rules.docking_managers_above)
    if order is None or enterprise is None:
        raise errors.OrderNotFound
    if circumstances is None:
        raise errors.WorkerNotFound
    facts = checks.Facts(
        placement=placement,
        order=order,
        enterprise=enterprise,
        certificates=await certificates.list_valid(tx, placement.worker, placement.destination),
        fees=tuple(await fees.list_charged(tx, placement.id)),
        circumstances=circumstances,
    )
    limits = checks.Limits(
        minimum_reserve=rules.docking_minimum_reserve,
        fee_cap_per_mille=rules.docking_fee_cap_per_mille,
        days=rules.docking_clearance_days,
        wait_days=rules.docking_clearance_wait_days,
        managers_above=rules.docking_managers_above,
    )
    return checks.assess(facts, tx.clock.today(), limits)


async def _decide(tx: Tx, requested: Placement, outcome: checks.Outcome) -> tuple[Placement, list[events.Event]]:
    """The placement after the outcome, and the events of the decision. A refusal gives the match its original deadline back."""
    if outcome.verdict == "waiting":
        return requested, []
    if outcome.verdict == "refused" or outcome.certificate is None:
        state = state_after(requested.state, Step.REFUSE)
        refused = replace(requested, state=state, due=requested.match_due, since=tx.clock.today())
        return refused, [placement_event(tx, events.ClearanceRefused, requested, failed=outcome.failed)]
    return await _grant(tx, requested, outcome, outcome.certificate)


async def _grant(
    tx: Tx, requested: Placement, outcome: checks.Outcome, ground: TrainingCertificate
) -> tuple[Placement, list[events.Event]]:
    today, rules = tx.clock.today(), policy()
    first = requested.cleared_on is None  # how long it took is counted once
    token = await _certify(tx, requested, today, outcome.valid_to)
    granted = replace(
        requested,
        state=state_after(requested.state, Step.GRANT),
        since=today,
        due=outcome.valid_to + timedelta(days=rules.docking_evidence_days),
        clearance=token,
        certificate=ground.serial,
        cleared_on=today,
        clearance_valid_to=outcome.valid_to,
    )
    event = placement_event(
        tx,
        events.ClearanceGranted,
        granted,
        certificate=token,
        valid_to=outcome.valid_to,
        checks=checks.CHECKS,
        registered_on=granted.registered_on if first else None,
        matched_on=granted.matched_on if first else None,
    )
    return granted, [event]


async def _certify(tx: Tx, placement: Placement, granted_on: date, valid_to: date) -> str:
    worker = await workers.get(tx, placement.worker)
    number = worker.number if worker else None
    return certificate.certify(signing_key(policy().docking_signing_key), placement, number, granted_on=granted_on, valid_to=valid_to)


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_checklist(tx: Tx, placement: PlacementId) -> views.Checklist:
    """Every check as if clearance were asked for today. Raises PlacementNotFound, Forbidden."""
    found = await get(tx, placement)
    outcome = await _assess(tx, found)
    items = (views.Checked(check=check, met=check not in outcome.failed, actor=checks.ACTORS[check]) for check in checks.CHECKS)
    return views.Checklist(placement=found.id, state=found.state, items=tuple(items))


async def state_clearance(tx: Tx, placement: PlacementId) -> views.StatedClearance:
    """For whoever holds its certificate; of a placement that does not exist as of one without a clearance."""
    found = await placements.get(tx, placement)
    token = _in_force(found, tx.clock.today()) if found else None
    signed = certificate.read(token) if token else None
    return views.StatedClearance(
        placement=placement,
        in_force=signed is not None,
        granted_on=signed.granted_on if signed else None,
        valid_to=signed.valid_to if signed else None,
    )


def _in_force(placement: Placement, today: date) -> str | None:
    """Its token, while somebody may depart on it."""
    cleared = placement.state is PlacementState.CLEARED and placement.certificate is not None
    lasts = placement.clearance_valid_to is not None and today <= placement.clearance_valid_to
    return placement.clearance if cleared and lasts else None


async def show_paper(tx: Tx, placement: PlacementId) -> Paper:
    """The certificate on paper. Raises PlacementNotFound, Forbidden, NotCleared."""
    found = await get(tx, placement)
    token, contract, insurance = _in_force(found, tx.clock.today()), found.contract, found.insurance
    if token is None or found.certificate is None or contract is None or insurance is None:
        raise errors.NotCleared(state=found.state)
    order, enterprise = await orders.get(tx, found.order), await enterprises.get(tx, found.enterprise)
    if order is None or enterprise is None:
        raise errors.OrderNotFound
    cleared = papers.ClearedPlacement(
        placement=found,
        order=order,
        enterprise=enterprise,
        contract=contract,
        insurance=insurance,
        token=token,
        signed=certificate.read(token),
        training=found.certificate,
    )
    return papers.clearance_paper(cleared)


# --- reactions --------------------------------------------------------------------------------------------------------
async def certificates_issued(tx: Tx, issues: Sequence[EventEnvelope[events.CertificateIssued]]) -> None:
    """A clearance that waited for a certificate is decided now.

    Placements are locked before the certificates are written: a request under way either sees them, or waits where it is found here.
    """
    worker_of = await merges.lock_all_current(tx, [one.data.worker for one in issues])
    active = await placements.lock_all_active(tx, list(worker_of.values()))
    certified = [(one, worker_of[one.data.worker]) for one in issues]
    await certificates.insert_all(tx, [(_ground(one.data), worker, one.data.effective) for one, worker in certified])
    for one, worker in certified:
        if worker in active:
            because_of(tx, one)
            await decide_waiting(tx, active.pop(worker))


def _ground(issued: events.CertificateIssued) -> TrainingCertificate:
    return TrainingCertificate(issued.serial, issued.destination, issued.occupation, issued.valid_to)


async def decide_waiting(tx: Tx, placement: Placement) -> None:
    """A clearance that waits, as far as it can be decided by now. The caller holds the placement's lock."""
    if placement.state is not PlacementState.CLEARANCE_REQUESTED:
        return
    outcome = await _assess(tx, placement)
    if outcome.verdict != "waiting":
        decided, decision = await _decide(tx, placement, outcome)
        await save(tx, decided, *decision)


async def certificate_revoked(tx: Tx, event: EventEnvelope[events.CertificateRevoked]) -> None:
    """Before departure a clearance is withdrawn with the certificate it rests on: no departure is possible any more."""
    placement = await placements.lock_active(tx, await merges.lock_current(tx, event.data.worker))
    await certificates.update_revoked(tx, event.data.serial)
    if placement is not None and placement.state is PlacementState.CLEARED and placement.certificate == event.data.serial:
        await cancel(tx, placement, "clearance_withdrawn", withdrawn_for="certificate_revoked")


async def certificate_corrected(tx: Tx, event: EventEnvelope[events.CertificateCorrected]) -> None:
    """It holds for other days: a clearance that waited may be decided, one that rests on it lasts no longer than it does."""
    data = event.data
    placement = await placements.lock_active(tx, await merges.lock_current(tx, data.worker))
    await certificates.update_days(tx, data.serial, issued_on=data.fact.issued_on, valid_to=data.fact.valid_to)
    if placement is None:
        return
    await decide_waiting(tx, placement)
    if placement.state is PlacementState.CLEARED and placement.certificate == data.serial:
        await _shorten(tx, placement, data.fact.valid_to)


async def _shorten(tx: Tx, placement: Placement, ends: date) -> None:
    """The clearance in another that ends with its certificate; a departure on a day that both cover stays recordable."""
    if placement.cleared_on is None or placement.clearance_valid_to is None or placement.clearance_valid_to <= ends:
        return
    if ends < placement.cleared_on:
        await cancel(tx, placement, "clearance_withdrawn", withdrawn_for="certificate_corrected")
        return
    rules = policy()
    token = await _certify(tx, placement, placement.cleared_on, ends)
    due = ends + timedelta(days=rules.docking_evidence_days)
    shortened = replace(placement, clearance=token, clearance_valid_to=ends, due=due)
    granted = {"certificate": token, "valid_to": ends, "checks": checks.CHECKS, "registered_on": None, "matched_on": None}
    await save(
        tx,
        shortened,
        placement_event(tx, events.ClearanceWithdrawn, placement, reason="certificate_corrected"),
        placement_event(tx, events.ClearanceGranted, shortened, **granted),
    )


async def certificates_expired(tx: Tx, ends: Sequence[EventEnvelope[events.CertificateExpired]]) -> None:
    """A clearance is gone with the certificate it rests on: nobody departs on it from now on.

    The position is not released yet, unlike after a revocation: evidence may still come of a departure while both were in force, and a new
    certificate may be earned and a clearance asked for again. The sweep releases it when the time for either is over.
    """
    worker_of = await merges.lock_all_current(tx, [one.data.worker for one in ends])
    active = await placements.lock_all_active(tx, list(worker_of.values()))
    for one in ends:
        placement = active.get(worker_of[one.data.worker])
        if placement is not None and placement.state is PlacementState.CLEARED and placement.certificate == one.data.serial:
            because_of(tx, one)
            withdrawn = placement_event(tx, events.ClearanceWithdrawn, placement, reason="certificate_expired")
            await save(tx, replace(placement, certificate=None), withdrawn)
