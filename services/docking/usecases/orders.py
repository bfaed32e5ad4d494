"""Job orders: opened, amended and closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from services.docking.commands import orders as commands
from services.docking.domain import errors
from services.docking.domain import orders as orders_domain
from services.docking.domain.employers import require_employer_licence, require_same_destination
from services.docking.domain.enterprises import Enterprise, covers, require_licence
from services.docking.domain.orders import Order, OrderFilter, OrderState
from services.docking.queries import employers, enterprises, old_numbers, orders
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.event_fields import order_event
from services.docking.views import orders as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.old_numbers import OldNumber, OldNumberTaken, require_no_document
from shared.paging import Page
from shared.principals import Forbidden, Role, require_party
from shared.values import OrderId, new_id, period_of


async def open_job_order(tx: Tx, command: commands.OpenJobOrder) -> views.Order:
    """A need for workers, within the licence.

    Raises EnterpriseNotFound, EnterpriseNotActive, LicenceExpired, OutsideLicenceScope, DestinationNotFound, OccupationNotFound,
    CurrencyDiffers, CurrencyWithdrawn, PastDay, EmployerUnclear, EmployerNotFound, EmployerElsewhere, EmployerNotLicensed,
    OldNumberTaken, OldNumberIsDocument, Forbidden.
    """
    today = tx.clock.today()
    enterprise = await enterprises.get(tx, command.enterprise)
    if enterprise is None:
        raise errors.EnterpriseNotFound(field="enterprise")
    scope.require_enterprise(tx.principal, enterprise)
    if command.old_number is not None and tx.principal.role is not Role.OFFICER:  # whoever claims one first has it
        raise Forbidden("an officer gives an order its old_number")
    expires = command.expires or today + timedelta(days=policy().docking_order_days)
    _require_allowed(enterprise, command, today, expires)
    employer = await _employer(tx, command)
    order = replace(_opened(command, today, expires), employer=employer)
    await orders.insert_all(tx, [order])
    await _claim(tx, order.id, command.old_number)
    opened = order_event(
        tx,
        events.JobOrderOpened,
        order,
        employer=order.employer,
        positions=order.positions,
        wage=order.wage,
        wage_period=order.wage_period,
        term_months=order.term_months,
        fee_cap=order.fee_cap,
        expires=expires,
        employer_id=order.employer_id,
    )
    publish_and_audit(tx, opened)
    return views.order(order, (command.old_number,) if command.old_number else ())


async def _claim(tx: Tx, order: OrderId, old: OldNumber | None) -> None:
    """Raises OldNumberTaken, OldNumberIsDocument."""
    require_no_document(old)
    if old is not None and await old_numbers.insert_all(tx, "order", {order: old}):
        raise OldNumberTaken(field="old_number.number")


async def _employer(tx: Tx, command: commands.OpenJobOrder) -> str:
    """The employer's name. Raises EmployerUnclear, EmployerNotFound, EmployerElsewhere, EmployerNotLicensed."""
    licensing = policy().licensing_destinations
    if command.employer is not None and command.employer_id is None:
        require_employer_licence(command.destination, None, licensing, "employer_id")
        return command.employer
    if command.employer is not None or command.employer_id is None:
        raise errors.EmployerUnclear(field="employer")
    registered = await employers.get(tx, command.employer_id)
    if registered is None:
        raise errors.EmployerNotFound(field="employer_id")
    require_same_destination(registered, command.destination)
    require_employer_licence(command.destination, registered.licence_no, licensing, "employer_id")
    return registered.name


def _require_allowed(enterprise: Enterprise, command: commands.OpenJobOrder, today: date, expires: date) -> None:
    """Raises what open_job_order names."""
    reference.require_destination(command.destination)
    reference.require_occupation(command.occupation)
    require_licence(enterprise, today)
    if not covers(enterprise, command.channel, command.destination):
        raise errors.OutsideLicenceScope(field="channel" if command.channel not in enterprise.scope else "destination")
    reference.require_legal_tender(command.wage.currency, period_of(today), "wage.currency")
    if command.fee_cap is not None and command.fee_cap.currency != command.wage.currency:
        raise errors.CurrencyDiffers(field="fee_cap.currency")
    if expires < today:
        raise errors.PastDay(field="expires")


def _opened(command: commands.OpenJobOrder, today: date, expires: date) -> Order:
    return Order(
        id=OrderId(new_id()),
        enterprise=command.enterprise,
        employer=command.employer or "",
        employer_id=command.employer_id,
        destination=command.destination,
        occupation=command.occupation,
        channel=command.channel,
        positions=command.positions,
        reserved=0,
        filled=0,
        wage=command.wage,
        wage_period=command.wage_period,
        term_months=command.term_months,
        fee_cap=command.fee_cap,
        opened_on=today,
        expires=expires,
        state=OrderState.OPEN,
    )


async def amend_job_order(tx: Tx, order: OrderId, command: commands.AmendJobOrder) -> views.Order:
    """Other terms for whoever is matched from now on.

    Raises OrderNotFound, OrderNotOpen, NothingToAmend, PositionsInUse, WagePromised, TermPromised, FeeCapPromised, CurrencyDiffers,
    PastDay, EnterpriseNotActive, LicenceExpired, VersionConflict, Forbidden.
    """
    found = await orders.lock(tx, order)
    enterprise = await enterprises.get(tx, found.enterprise) if found else None
    if found is None or enterprise is None:
        raise errors.OrderNotFound
    await _require_order(tx, found)
    require_version(command.version, found.version)
    today = tx.clock.today()
    require_licence(enterprise, today)
    given = {name: value for name in command.model_fields_set - {"version"} if (value := getattr(command, name)) is not None}
    amended = orders_domain.amended(found, replace(found, **given), today)
    await orders.update_terms(tx, amended)
    event = order_event(
        tx,
        events.JobOrderAmended,
        amended,
        previous_positions=found.positions,
        positions=amended.positions,
        wage=amended.wage,
        wage_period=amended.wage_period,
        term_months=amended.term_months,
        fee_cap=amended.fee_cap,
        expires=amended.expires,
    )
    publish_and_audit(tx, event)
    return views.order(amended)


async def close_job_order(tx: Tx, order: OrderId, command: commands.CloseJobOrder) -> views.Order:
    """No more workers; placements under way keep their positions. Raises OrderNotFound, OrderNotOpen, VersionConflict, Forbidden."""
    found = await orders.lock(tx, order)
    if found is None:
        raise errors.OrderNotFound
    await _require_order(tx, found)
    require_version(command.version, found.version)
    if found.state is not OrderState.OPEN:
        raise errors.OrderNotOpen(state=found.state)
    await orders.update_state(tx, [order], OrderState.CLOSED)
    publish_and_audit(tx, order_event(tx, events.JobOrderClosed, found, unfilled=found.free))
    return views.order(replace(found, state=OrderState.CLOSED, version=found.version + 1))


async def _require_order(tx: Tx, order: Order) -> None:
    """The enterprise itself, or the authority of its seat."""
    if tx.principal.role is Role.ENTERPRISE:
        require_party(tx.principal, order.enterprise)
        return
    enterprise = await enterprises.get(tx, order.enterprise)
    scope.require_seat(tx.principal, enterprise.seat if enterprise else None)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_orders(tx: Tx, page: Page, wanted: OrderFilter, old_number: str | None) -> views.Orders:
    """Orders and how far they are filled: demand is open to everyone who mediates it. `old_number`: in whichever earlier system.

    Raises Forbidden.
    """
    if old_number is not None:
        wanted = replace(wanted, among=await old_numbers.list_orders(tx, old_number))
    if wanted.enterprise is None and tx.principal.role is Role.ENTERPRISE:
        wanted = replace(wanted, enterprise=scope.own_enterprise(tx.principal))
    if wanted.enterprise is not None:
        require_party(tx.principal, wanted.enterprise)
    found, following = await orders.list_(tx, page, wanted)
    return views.orders(found, following, await old_numbers.list_of_orders(tx, [one.id for one in found]))


async def show_order(tx: Tx, order: OrderId) -> views.Order:
    """Raises OrderNotFound, Forbidden."""
    found = await orders.get(tx, order)
    if found is None:
        raise errors.OrderNotFound
    require_party(tx.principal, found.enterprise)
    return views.order(found, (await old_numbers.list_of_orders(tx, [order])).get(order, ()))


async def history(tx: Tx, order: OrderId, after: int, limit: int) -> History:
    """Raises OrderNotFound, Forbidden."""
    found = await show_order(tx, order)
    enterprise = await enterprises.get(tx, found.enterprise)
    is_covered = tx.principal.role is Role.ENTERPRISE or scope.is_covered(tx.principal, enterprise.seat if enterprise else None)
    return await changes_of(tx, order, after, limit, is_covered=is_covered)
