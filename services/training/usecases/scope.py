"""Who acts for whom: a trainer for the own centre, everybody else for the workers of their counties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from services.training.domain.centres import Centre, require_in_force
from services.training.domain.enrolments import Enrolment, require_once
from services.training.domain.errors import CentreNotLicensed, NotInSession, SessionNotFound
from services.training.domain.needs import Need
from services.training.domain.sessions import Session
from services.training.queries import centres, enrolments, sessions
from shared.db import Tx
from shared.principals import Principal, Role, require_county, require_party
from shared.values import EnrolmentId, SessionId


async def lock_session(tx: Tx, session_id: SessionId) -> Session:
    """The session, for its own centre. Raises SessionNotFound, Forbidden."""
    session = await sessions.lock(tx, session_id)
    if session is None:
        raise SessionNotFound
    require_party(tx.principal, session.course.centre)
    return session


async def get_centre(tx: Tx, session: Session, days: Mapping[str, date]) -> Centre:
    """The session's centre, licensed on those days, each of which is a field. Raises CentreNotLicensed, CentreNotActive."""
    centre = await centres.get_by_name(tx, session.course.centre)
    if centre is None:
        raise CentreNotLicensed(field=next(iter(days)))
    suspended = await centres.list_was_suspended(tx, centre.id, list(days.values()))
    for field, day in days.items():
        require_in_force(centre, day, field, was_suspended=day in suspended)
    return centre


def require_region(who: Principal, centre: Centre) -> None:
    """Sessions are the affair of the centre's trainers, and of officers of its region; of one without a licence yet, of every officer's.

    Raises Forbidden.
    """
    if who.role is Role.OFFICER and centre.region is not None:
        require_county(who, centre.region)


async def lock_named(tx: Tx, session: Session, lists: Mapping[str, Sequence[EnrolmentId]]) -> dict[EnrolmentId, Enrolment]:
    """Those that the lists name, each list by what stands before the names of its fields. Raises NamedTwice, NotInSession, Forbidden."""
    found = await enrolments.lock_roster(tx, session.id, list({one for ids in lists.values() for one in ids}))
    for within, ids in lists.items():
        require_once(ids, within + "entries.{}.enrolment")
        for index, one in enumerate(ids):
            if one not in found:
                raise NotInSession(field=f"{within}entries.{index}.enrolment")
    require_counties(tx.principal, list(found.values()))
    return found


def require_counties(who: Principal, roster: Sequence[Enrolment | Need]) -> None:
    """Everybody but a trainer, who is bound by centre, acts for workers of the own counties. Raises Forbidden."""
    if who.role is not Role.TRAINER:
        for county in {one.county for one in roster}:
            require_county(who, county)


def own_centre(who: Principal) -> str | None:
    """The centre a trainer is bound to; None for roles bound by region. A trainer without one is bound to nothing that exists."""
    return (who.party or "") if who.role is Role.TRAINER else None


def counties_seen(who: Principal) -> tuple[str, ...]:
    """County prefixes a caller may see; a trainer teaches whoever is matched, from wherever."""
    return ("",) if who.role is Role.TRAINER else who.county_prefixes()
