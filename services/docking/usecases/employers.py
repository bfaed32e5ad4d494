"""Foreign employers, registered once and named by orders."""

from __future__ import annotations

from services.docking.commands import employers as commands
from services.docking.domain import errors
from services.docking.domain.employers import Employer, require_employer_licence
from services.docking.queries import employers
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.views import employers as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.paging import Page
from shared.principals import NATION
from shared.values import Destination, EmployerId, new_id


async def register_employer(tx: Tx, command: commands.RegisterEmployer) -> views.Employer:
    """E6. Raises DestinationNotFound, IndividualEmployer, EmployerNotLicensed, EmployerTaken."""
    reference.require_destination(command.destination)
    if command.kind == "individual":
        raise errors.IndividualEmployer(field="kind")
    require_employer_licence(command.destination, command.licence_no, policy().licensing_destinations, "licence_no")
    employer = Employer(
        id=EmployerId(new_id()),
        name=command.name,
        destination=command.destination,
        registration_no=command.registration_no,
        licence_no=command.licence_no,
        registered_on=tx.clock.today(),
    )
    if not await employers.insert(tx, employer):
        known = await employers.get_id(tx, command.destination, command.registration_no)
        raise errors.EmployerTaken(field="registration_no", state={"employer": str(known)})
    registered = events.EmployerRegistered(
        employer=employer.id,
        effective=employer.registered_on,
        destination=employer.destination,
        company=employer.name,
        registration_no=employer.registration_no,
        licence_no=employer.licence_no,
    )
    publish_and_audit(tx, registered)
    return views.employer(employer)


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_employer(tx: Tx, employer: EmployerId) -> views.Employer:
    """Raises EmployerNotFound."""
    return views.employer(await _get(tx, employer))


async def list_employers(tx: Tx, page: Page, destination: Destination | None, name: str | None) -> views.Employers:
    """`name`: a part of it. Raises DestinationNotFound."""
    if destination is not None:
        reference.require_destination(destination)
    return views.employers(*await employers.list_(tx, page, destination, name))


async def history(tx: Tx, employer: EmployerId, after: int, limit: int) -> History:
    """Raises EmployerNotFound."""
    await _get(tx, employer)
    return await changes_of(tx, employer, after, limit, is_covered=scope.is_covered(tx.principal, NATION))


async def _get(tx: Tx, employer: EmployerId) -> Employer:
    found = await employers.get(tx, employer)
    if found is None:
        raise errors.EmployerNotFound
    return found
