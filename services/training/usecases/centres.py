"""Training centres: licensed, renewed, staffed, suspended, reinstated, revoked."""

from __future__ import annotations

from dataclasses import replace

from services.training import commands
from services.training.domain import centres as domain
from services.training.domain import errors
from services.training.domain.centres import Centre, CentreStep, centre_after
from services.training.queries import centres
from services.training.views import centres as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.paging import Page
from shared.principals import NATION, require_county
from shared.values import CentreId, CountyCode, new_id


async def license_centre(tx: Tx, command: commands.LicenseCentre) -> views.Centre:
    """W1: enter a licence, also of a centre that was at work before licences were kept here.

    Raises RegionNotFound, RegionDiffers, ValidityDays, CentreLicensed, LicenceTaken, Forbidden.
    """
    today = tx.clock.today()
    if command.region not in reference.provinces():
        raise errors.RegionNotFound(field="region")
    domain.require_region(command.licence_no, command.region)
    require_county(tx.principal, command.region)
    if not max(command.valid_from, today) <= command.valid_to:
        raise errors.ValidityDays(field="valid_to")
    known = await centres.lock_by_name(tx, command.centre)
    if known is not None and known.licence_no is not None:
        raise errors.CentreLicensed(field="centre", state=str(known.id))
    if await centres.exists_licence(tx, command.licence_no, command.centre):
        raise errors.LicenceTaken(field="licence_no")
    centre = _entered(command, known)
    if known is not None:
        await centres.update(tx, centre)
    elif not await centres.insert(tx, centre):
        raise errors.LicenceTaken(field="licence_no")
    publish_and_audit(tx, _event(tx, events.CentreLicensed, centre, **_licence(centre), **_staff(centre)))
    return _show(tx, centre)


def _entered(command: commands.LicenseCentre, known: Centre | None) -> Centre:
    """The centre as licensed; one known before keeps its id, its state and the days that it has worked."""
    entered = Centre(
        id=CentreId(new_id()) if known is None else known.id,
        centre=command.centre,
        licence_no=command.licence_no,
        region=command.region,
        valid_from=command.valid_from,
        valid_to=command.valid_to,
        capacity=command.capacity,
        trainers=command.trainers,
        assessors=command.assessors,
    )
    if known is None:
        return entered
    since, until = min(known.valid_from, entered.valid_from), max(known.valid_to, entered.valid_to)
    return replace(entered, valid_from=since, valid_to=until, state=known.state, revoked_on=known.revoked_on, version=known.version)


async def renew_centre(tx: Tx, centre: CentreId, command: commands.RenewCentre) -> views.Centre:
    """The same number, longer. Raises CentreIllegalStep, NotRenewed, ValidityDays, and those of load."""
    found = await load(tx, centre, command.version)
    renewed = domain.renewed(found, command.valid_to, command.capacity)
    if renewed.valid_to < tx.clock.today():
        raise errors.ValidityDays(field="valid_to")
    return await _save(tx, renewed, events.CentreRenewed, **_licence(renewed), previous_valid_to=found.valid_to)


async def staff_centre(tx: Tx, centre: CentreId, command: commands.StaffCentre) -> views.Centre:
    """Sessions scheduled already keep their trainer. Raises CentreIllegalStep, and those of load."""
    found = await load(tx, centre, command.version)
    state = centre_after(found, CentreStep.STAFF)
    staffed = replace(found, state=state, trainers=command.trainers, assessors=command.assessors)
    return await _save(tx, staffed, events.CentreStaffed, **_staff(staffed))


async def suspend_centre(tx: Tx, centre: CentreId, command: commands.SuspendCentre) -> views.Centre:
    """From today on nothing is held there; the sweep cancels what has not begun. Raises CentreIllegalStep, and those of load."""
    found = await load(tx, centre, command.version)
    suspended = replace(found, state=centre_after(found, CentreStep.SUSPEND))
    await centres.insert_suspension(tx, centre, tx.clock.today(), command.reason)
    return await _save(tx, suspended, events.CentreSuspended, reason=command.reason)


async def reinstate_centre(tx: Tx, centre: CentreId, command: commands.ReinstateCentre) -> views.Centre:
    """From today on sessions may be held again. Raises CentreIllegalStep, and those of load."""
    found = await load(tx, centre, command.version)
    reinstated = replace(found, state=centre_after(found, CentreStep.REINSTATE))
    today = tx.clock.today()
    since = await centres.update_suspension(tx, centre, today)
    return await _save(tx, reinstated, events.CentreReinstated, suspended_on=since or today)


async def revoke_centre(tx: Tx, centre: CentreId, command: commands.RevokeCentre) -> views.Centre:
    """For good; the sweep cancels every session that is not over. Raises CentreIllegalStep, and those of load."""
    found = await load(tx, centre, command.version)
    state = centre_after(found, CentreStep.REVOKE)
    today = tx.clock.today()
    await centres.update_suspension(tx, centre, today)
    return await _save(tx, replace(found, state=state, revoked_on=today), events.CentreRevoked, reason=command.reason)


async def load(tx: Tx, centre: CentreId, version: int | None) -> Centre:
    """Locked, in scope, at the version named. Raises CentreNotFound, Forbidden, VersionConflict."""
    found = await centres.lock(tx, centre)
    if found is None:
        raise errors.CentreNotFound
    _require_region(tx, found)
    require_version(version, found.version)
    return found


def _require_region(tx: Tx, centre: Centre) -> None:
    """A centre whose region is not known yet is everybody's who may act on centres. Raises Forbidden."""
    if centre.region is not None:
        require_county(tx.principal, centre.region)


async def _save(tx: Tx, centre: Centre, event: type[events.Event], **fields: object) -> views.Centre:
    await centres.update(tx, centre)
    publish_and_audit(tx, _event(tx, event, centre, **fields))
    return _show(tx, replace(centre, version=centre.version + 1))


def _event(tx: Tx, event: type[events.Event], centre: Centre, **fields: object) -> events.Event:
    return event.model_validate({"centre_id": centre.id, "centre": centre.centre, "effective": tx.clock.today(), **fields})


def _licence(centre: Centre) -> dict[str, object]:
    return {name: getattr(centre, name) for name in ("licence_no", "region", "valid_from", "valid_to", "capacity")}


def _staff(centre: Centre) -> dict[str, object]:
    return {"trainers": len(centre.trainers), "assessors": len(centre.assessors)}


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_centre(tx: Tx, centre: CentreId) -> views.Centre:
    """Raises CentreNotFound."""
    found = await centres.get(tx, centre)
    if found is None:
        raise errors.CentreNotFound
    return _show(tx, found)


def _show(tx: Tx, centre: Centre) -> views.Centre:
    return views.Centre.from_centre(centre, tx.clock.today())


async def list_centres(tx: Tx, page: Page, *, region: CountyCode | None, state: views.CentreShown | None) -> views.Centres:
    """The register of centres: what is licensed where is known to all who may ask."""
    today = tx.clock.today()
    items, following = await centres.list_(tx, page, region=region, state=state, today=today)
    return views.Centres(items=tuple(views.Centre.from_centre(one, today) for one in items), next=following)


async def centre_history(tx: Tx, centre: CentreId, after: int, limit: int) -> History:
    """Raises CentreNotFound."""
    found = await show_centre(tx, centre)
    return await changes_of(tx, centre, after, limit, is_covered=tx.principal.covers_county(found.region or NATION))
