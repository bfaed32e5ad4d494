"""The clearance saga: requested here, waiting for training's certificate, granted or refused, withdrawn when its ground is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.docking import clearance, commands, domain, views
from services.docking.domain import Placement, PlacementState, Step
from services.docking.queries import enterprises, orders, placements
from services.docking.settings import policy
from services.docking.usecases.event_fields import step
from services.docking.usecases.placements import cancel, load, save
from shared import events
from shared.db import Tx
from shared.events import EventEnvelope
from shared.values import PlacementId


async def request_clearance(tx: Tx, placement: PlacementId, command: commands.RequestClearance) -> views.Placement:
    """Granted at once, refused at once, or waiting until the training certificate comes or the time is up.

    Raises IllegalStep, PastDay, and those of load. A refusal is an answer, not an error: `failed` names the checks.
    """
    found = await load(tx, placement, command.version)
    state = domain.after(found.state, Step.REQUEST_CLEARANCE)
    today = tx.clock.today()
    if command.planned_departure is not None and command.planned_departure < today:
        raise domain.PastDay(field="planned_departure")
    due = today + timedelta(days=policy().docking_clearance_wait_days)
    requested = replace(found, state=state, due=due, since=today, planned_departure=command.planned_departure)
    outcome = await _assess(tx, requested)
    decided, said = _decided(tx, requested, outcome)
    decided = await save(tx, decided, step(tx, events.ClearanceRequested, requested, due=due), *said)
    return views.placement(decided, failed=outcome.failed)


async def _assess(tx: Tx, placement: Placement) -> clearance.Outcome:
    """The caller holds the placement's lock, and so does whoever records or revokes a certificate of its worker."""
    order = await orders.get(tx, placement.order)
    enterprise = await enterprises.get(tx, placement.enterprise)
    if order is None or enterprise is None:
        raise domain.OrderNotFound
    facts = clearance.Facts(
        placement=placement,
        order=order,
        enterprise=enterprise,
        certificates=await placements.certificates(tx, placement.worker, placement.destination),
        blocked=await enterprises.blocked(tx, placement.enterprise),
    )
    rules = policy()
    return clearance.assess(
        facts,
        tx.clock.today(),
        minimum_reserve=rules.docking_minimum_reserve,
        fee_cap_per_mille=rules.docking_fee_cap_per_mille,
        days=rules.docking_clearance_days,
    )


def _decided(tx: Tx, requested: Placement, outcome: clearance.Outcome) -> tuple[Placement, list[events.Event]]:
    """The placement after the outcome, and what is told. A refusal gives the match its original deadline back."""
    today, rules = tx.clock.today(), policy()
    if outcome.verdict == "waiting":
        return requested, []
    if outcome.verdict == "refused" or outcome.certificate is None:
        state = domain.after(requested.state, Step.REFUSE)
        refused = replace(requested, state=state, due=requested.match_due, since=today)
        return refused, [step(tx, events.ClearanceRefused, requested, failed=outcome.failed)]
    state = domain.after(requested.state, Step.GRANT)
    token = clearance.certify(clearance.signing_key(rules.docking_signing_key), requested, today, outcome.valid_to)
    granted = replace(
        requested,
        state=state,
        since=today,
        due=outcome.valid_to + timedelta(days=rules.docking_evidence_days),
        clearance=token,
        certificate=outcome.certificate.serial,
        cleared_on=today,
        clearance_valid_to=outcome.valid_to,
    )
    said = step(
        tx,
        events.ClearanceGranted,
        granted,
        certificate=token,
        valid_to=outcome.valid_to,
        checks=clearance.CHECKS,
        registered_on=granted.registered_on,
        matched_on=granted.matched_on,
    )
    return granted, [said]


# --- reactions ------------------------------------------------------------------------------------------------------------
async def certificate_issued(tx: Tx, event: EventEnvelope[events.CertificateIssued]) -> None:
    """Training has told; a clearance that waited for it is decided now.

    The placement is locked before the certificate is written: a request under way either sees it, or waits where it is found here.
    """
    data = event.data
    placement = await placements.lock_active_of(tx, data.worker)
    await placements.add_certificate(tx, data.serial, data.worker, data.destination, data.occupation, data.effective, data.valid_to)
    if placement is None or placement.state is not PlacementState.CLEARANCE_REQUESTED:
        return
    outcome = await _assess(tx, placement)
    if outcome.verdict != "waiting":
        decided, said = _decided(tx, placement, outcome)
        await save(tx, decided, *said)


async def certificate_revoked(tx: Tx, event: EventEnvelope[events.CertificateRevoked]) -> None:
    """Before departure a clearance falls with the certificate it stands on: no departure is possible any more."""
    placement = await placements.lock_active_of(tx, event.data.worker)
    await placements.revoke_certificate(tx, event.data.serial)
    if placement is not None and placement.state is PlacementState.CLEARED and placement.certificate == event.data.serial:
        await cancel(tx, placement, "clearance_withdrawn", withdrawn_for="certificate_revoked")
