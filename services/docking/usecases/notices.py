"""Notices of breaches and penalties (E10), open to everyone while they are in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.docking.commands import notices as commands
from services.docking.domain import errors
from services.docking.domain import notices as domain
from services.docking.domain.notices import Breach, Notice
from services.docking.queries import employers, enterprises, notices
from services.docking.usecases import scope
from services.docking.views import notices as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.paging import Page
from shared.values import EmployerId, EnterpriseId, NoticeId, new_id


async def publish_notice(tx: Tx, command: commands.PublishNotice) -> views.Notice:
    """E10. Raises NoticeTaken, and those of require_notice and _require_authority."""
    notice = Notice(
        id=NoticeId(new_id()),
        enterprise=command.enterprise,
        employer=command.employer,
        breach=command.breach,
        penalty=command.penalty,
        fine=command.fine,
        decision_no=command.decision_no,
        decided_on=command.decided_on,
        since=command.since or tx.clock.today(),
        until=command.until,
    )
    domain.require_notice(notice, tx.clock.today())
    await _require_authority(tx, notice)
    if not await notices.insert(tx, notice):
        raise errors.NoticeTaken(field="decision_no", state={"notice": str(await notices.get_published(tx, notice))})
    published = events.NoticePublished.model_validate(
        {
            "notice": notice.id,
            "effective": notice.since,
            "enterprise": notice.enterprise,
            "employer": notice.employer,
            "breach": notice.breach,
            "penalty": notice.penalty,
            "fine": notice.fine,
            "decision_no": notice.decision_no,
            "decided_on": notice.decided_on,
            "until": notice.until,
        }
    )
    publish_and_audit(tx, published)
    return views.notice(notice)


async def _require_authority(tx: Tx, notice: Notice) -> None:
    """The authority of the enterprise's seat; of a foreign employer a national one. Raises Forbidden and what is not found."""
    if notice.enterprise is not None:
        enterprise = await enterprises.get(tx, notice.enterprise)
        if enterprise is None:
            raise errors.EnterpriseNotFound(field="enterprise")
        scope.require_enterprise(tx.principal, enterprise)
        return
    if notice.employer is None or await employers.get(tx, notice.employer) is None:
        raise errors.EmployerNotFound(field="employer")
    scope.require_seat(tx.principal, None)


async def withdraw_notice(tx: Tx, notice: NoticeId, command: commands.WithdrawNotice) -> views.Notice:
    """Public no more from today on. Raises NoticeNotFound, NoticeWithdrawn, Forbidden, VersionConflict."""
    found = await notices.lock(tx, notice)
    if found is None:
        raise errors.NoticeNotFound
    await _require_authority(tx, found)
    require_version(command.version, found.version)
    withdrawn = domain.withdrawn(found, tx.clock.today())
    await notices.update(tx, withdrawn)
    event = events.NoticeWithdrawn(
        notice=notice, effective=tx.clock.today(), enterprise=found.enterprise, employer=found.employer, reason=command.reason
    )
    publish_and_audit(tx, event)
    return views.notice(replace(withdrawn, version=withdrawn.version + 1))


# --- queries ----------------------------------------------------------------------------------------------------------
async def public_notices(
    tx: Tx, page: Page, on: date | None, *, enterprise: EnterpriseId | None, employer: EmployerId | None, breach: Breach | None
) -> views.Notices:
    """Open to everyone: those in force on the day."""
    day = on or tx.clock.today()
    return views.notices(*await notices.list_public(tx, page, day, enterprise=enterprise, employer=employer, breach=breach))


async def show_notice(tx: Tx, notice: NoticeId) -> views.Notice:
    """Raises NoticeNotFound."""
    found = await notices.get(tx, notice)
    if found is None:
        raise errors.NoticeNotFound
    return views.notice(found)


async def history(tx: Tx, notice: NoticeId, after: int, limit: int) -> History:
    """Raises NoticeNotFound."""
    found = await show_notice(tx, notice)
    enterprise = await enterprises.get(tx, found.enterprise) if found.enterprise is not None else None
    is_covered = scope.is_covered(tx.principal, enterprise.seat if enterprise else None)
    return await changes_of(tx, notice, after, limit, is_covered=is_covered)
