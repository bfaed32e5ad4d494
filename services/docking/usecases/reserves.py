"""The risk reserve of an enterprise: deposited, drawn for a case, topped up; put back when a settlement is withdrawn."""

from __future__ import annotations

from uuid import UUID

from services.docking.commands import reserves as commands
from services.docking.domain import errors, reserves
from services.docking.domain.enterprises import Enterprise
from services.docking.domain.reserves import Entry, EntryKind, Payment
from services.docking.queries import enterprises
from services.docking.queries import reserves as entries
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.enterprises import load, reinstatement, save
from services.docking.views import enterprises as enterprise_views
from services.docking.views import reserves as views
from shared import events, reference
from shared.db import Tx
from shared.paging import page
from shared.values import EnterpriseId, Money, new_id


async def deposit_reserve(tx: Tx, enterprise: EnterpriseId, command: commands.DepositReserve) -> enterprise_views.Enterprise:
    """E3: the reserve grows. Raises NotYuan, ReserveTooLarge, and those of load."""
    found = await load(tx, enterprise, command.version)
    funded = reserves.grown(found, command.amount, minimum=policy().docking_minimum_reserve, today=tx.clock.today())
    await _enter(tx, found, funded, EntryKind.DEPOSIT)
    deposited = events.ReserveDeposited(enterprise=enterprise, effective=tx.clock.today(), amount=command.amount, balance=funded.reserve)
    return await save(tx, funded, deposited, *_lifted(tx, found, funded))


async def draw_reserve(tx: Tx, enterprise: EnterpriseId, command: commands.DrawReserve) -> enterprise_views.Enterprise:
    """E4: also of an enterprise that is suspended or revoked, since the reserve secures its workers.

    Raises NotYuan, ReserveTooSmall, and those of load.
    """
    found = await load(tx, enterprise, command.version)
    return await draw(tx, found, command.amount, Payment(use=command.use, case=command.case))


async def draw(tx: Tx, found: Enterprise, amount: Money, payment: Payment) -> enterprise_views.Enterprise:
    """Pay it out of the reserve. Raises NotYuan, ReserveTooSmall."""
    rules, today = policy(), tx.clock.today()
    due = reference.working_days_after(today, rules.docking_reserve_days)
    drawn = reserves.drawn(found, amount, minimum=rules.docking_minimum_reserve, due=due)
    await _enter(tx, found, drawn, EntryKind.DRAW, payment)
    event = events.ReserveDrawn(
        enterprise=found.id,
        effective=today,
        amount=amount,
        balance=drawn.reserve,
        use=payment.use,
        case=payment.case,
        due=drawn.reserve_due,
        settlement=payment.settlement,
    )
    return await save(tx, drawn, event)


async def top_up_reserve(tx: Tx, enterprise: EnterpriseId, command: commands.TopUpReserve) -> enterprise_views.Enterprise:
    """E4: what a draw took is put back; a suspension for it is lifted.

    Raises NotYuan, ReserveNotShort, ReserveTooLarge, and those of load.
    """
    found = await load(tx, enterprise, command.version)
    funded = reserves.topped_up(found, command.amount, minimum=policy().docking_minimum_reserve, today=tx.clock.today())
    await _enter(tx, found, funded, EntryKind.TOP_UP)
    return await save(tx, funded, _restored(tx, found, funded), *_lifted(tx, found, funded))


async def put_back(tx: Tx, found: Enterprise, amount: Money, payment: Payment) -> enterprise_views.Enterprise:
    """What was paid for a settlement that is withdrawn; a suspension for it is lifted. Raises ReserveTooLarge."""
    funded = reserves.grown(found, amount, minimum=policy().docking_minimum_reserve, today=tx.clock.today())
    await _enter(tx, found, funded, EntryKind.PUT_BACK, payment)
    return await save(tx, funded, _restored(tx, found, funded, payment), *_lifted(tx, found, funded))


def _restored(tx: Tx, before: Enterprise, now: Enterprise, payment: Payment | None = None) -> events.ReserveRestored:
    return events.ReserveRestored(
        enterprise=now.id,
        effective=tx.clock.today(),
        amount=now.reserve.minus(before.reserve),
        balance=now.reserve,
        due=now.reserve_due,
        settlement=payment.settlement if payment else None,
        case=payment.case if payment else None,
    )


async def _enter(tx: Tx, before: Enterprise, now: Enterprise, kind: EntryKind, payment: Payment | None = None) -> None:
    entry = Entry(
        id=new_id(),
        kind=kind,
        amount_minor=now.reserve_minor - before.reserve_minor,
        balance_minor=now.reserve_minor,
        effective=tx.clock.today(),
        payment=payment,
    )
    await entries.insert(tx, now.id, entry)


def _lifted(tx: Tx, before: Enterprise, now: Enterprise) -> list[events.Event]:
    return [] if before.suspended_for == now.suspended_for else [reinstatement(tx, now, reserves.GROUND)]


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_entries(tx: Tx, enterprise: EnterpriseId, after: UUID | None, limit: int) -> views.Entries:
    """Raises EnterpriseNotFound, Forbidden."""
    found = await enterprises.get(tx, enterprise)
    if found is None:
        raise errors.EnterpriseNotFound
    scope.require_enterprise(tx.principal, found)
    rows, following = page(await entries.list_(tx, enterprise, after, limit + 1), limit, lambda one: one.id)
    return views.entries(found, rows, following)
