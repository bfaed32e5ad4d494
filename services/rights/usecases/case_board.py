"""What is seen of cases: by two offices whole, by the enterprise without who complained where that is hidden."""

from __future__ import annotations

from services.rights.domain.cases import Case, Filter
from services.rights.domain.errors import CaseNotFound
from services.rights.queries import case_files, cases, settlements
from services.rights.usecases.scope import is_hidden, require_case
from services.rights.views import cases as views
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of
from shared.paging import Page
from shared.principals import Role
from shared.values import CaseId

HIDDEN = "(hidden)"


async def show_case(tx: Tx, case_id: CaseId) -> views.Case:
    """Raises CaseNotFound, Forbidden."""
    return _as_seen(tx, await _get(tx, case_id))


async def show_file(tx: Tx, case_id: CaseId) -> views.CaseFile:
    """Raises CaseNotFound, Forbidden."""
    case = await _get(tx, case_id)
    evidence, statements = await case_files.list_evidence(tx, case_id), await case_files.list_statements(tx, case_id)
    if is_hidden(tx.principal, case):  # its own, and what it was asked
        evidence = [one for one in evidence if one.provided_by == "enterprise"]
        statements = [one for one in statements if one.kind != "answer"]
    return views.CaseFile.from_parts(_as_seen(tx, case), evidence, statements, await settlements.list_(tx, case_id))


async def list_cases(tx: Tx, page: Page, chosen: Filter) -> views.Cases:
    """Cases by age, of the offices that the caller speaks for; an enterprise sees its own."""
    is_enterprise = tx.principal.role is Role.ENTERPRISE
    items, following = await cases.list_(
        tx,
        page,
        chosen,
        enterprise=(tx.principal.party or "") if is_enterprise else None,
        counties=None if is_enterprise else tx.principal.county_prefixes(),
    )
    return views.Cases(items=tuple(_as_seen(tx, case) for case in items), next=following)


async def case_history(tx: Tx, case_id: CaseId, after: int, limit: int) -> History:
    """An account may be named after its office: where the worker is hidden, the enterprise sees its own only.

    Raises CaseNotFound, Forbidden.
    """
    case = await _get(tx, case_id)
    history = await changes_of(tx, case_id, after, limit)
    if not is_hidden(tx.principal, case):
        return history
    own = f"{Role.ENTERPRISE}:"
    masked = (one if one.actor.startswith(own) else one.model_copy(update={"actor": HIDDEN}) for one in history.items)
    return history.model_copy(update={"items": tuple(masked)})


async def _get(tx: Tx, case_id: CaseId) -> Case:
    """In scope. Raises CaseNotFound, Forbidden."""
    case = await cases.get(tx, case_id)
    if case is None:
        raise CaseNotFound
    require_case(tx.principal, case, await cases.list_counties(tx, case))
    return case


def _as_seen(tx: Tx, case: Case) -> views.Case:
    return views.Case.from_case(case, tx.clock.now(), anonymous=is_hidden(tx.principal, case))
