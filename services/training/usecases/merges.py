"""Two registrations are one person: seats, certificates and days attended are the survivor's, whichever number they came under."""

from __future__ import annotations

from services.training.domain.needs import Need, NeedStep, after_need
from services.training.queries import certificates, enrolments, merges, needs, sessions
from services.training.usecases import seats
from services.training.usecases.findings import flag_attendance
from shared import events
from shared.db import Tx
from shared.events import EventEnvelope
from shared.values import WorkerId


async def workers_merged(tx: Tx, event: EventEnvelope[events.WorkersMerged]) -> None:
    """A certificate of either meets the needs of both, and whoever attended in two centres on one day under two numbers is found out.

    What names the absorbed worker afterwards, since events of different subjects are not in order, is the survivor's too.
    """
    await sessions.lock_allocation(tx)
    into = (await merges.list_survivors(tx, [event.data.survivor])).get(event.data.survivor)
    survivor = into.worker if into else event.data.survivor
    survivor_no = into.number if into and into.number else event.data.survivor_no
    if not await merges.insert(tx, event.data.absorbed, survivor, survivor_no):
        return
    await merges.update_worker(tx, event.data.absorbed, survivor, survivor_no)
    await _flag(tx, survivor)
    for need in await needs.lock_of_worker(tx, survivor):
        if after_need(need.state, NeedStep.MEET) is not None:
            await _meet(tx, need)


async def _flag(tx: Tx, worker: WorkerId) -> None:
    """What is a finding now that the two are one: with the enrolment that came last, as when it had been recorded last."""
    for day, enrolment in (await merges.list_days_twice(tx, worker)).items():
        for one in await enrolments.lock_all(tx, [enrolment]):
            session = await sessions.get(tx, one.session)
            if session is not None:
                await flag_attendance(tx, [(one, day)], session.course.id)


async def _meet(tx: Tx, need: Need) -> None:
    """As when the match comes after the merge: whoever holds a valid certificate needs no seat."""
    serial = await certificates.get_valid(tx, need.worker, need.destination, need.occupation, tx.clock.today())
    if serial is None:
        return
    seated = await enrolments.get_seated(tx, need.placement)
    session = await sessions.lock(tx, seated.session) if seated is not None else None
    await needs.update_met(tx, [(need.id, serial)])
    if seated is not None and session is not None:
        await seats.fill(tx, await seats.give_up(tx, session, [seated], "certificate_held"))
