"""Who must hear of which event: a table, read in the transaction that publishes (delivery/outbox.py). An event that is not in it concerns
nobody who is not looking, and costs one look into a dictionary.

An audience is a text: `enterprise:<id>`, `trainer:<centre>`, `clerk:<region>`, `officer:<region>`, `account:<role>:<name>`, or a role
alone, which is everybody in it. Authorities hear of what the API shows them too: of a county its own offices hear, its prefecture's, its
province's and the nation's. `fields` is all that leaves the house: never a name, a document number, an account, or who complained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from shared.events import Event, docking, registration, rights, stats, training
from shared.events import docking_duties as duties
from shared.events import docking_fairs as fairs
from shared.events import docking_placements as placements
from shared.principals import NATION, Principal, Role
from shared.values import PROGRAMME_ZONE

CLERKS, OFFICERS = (Role.CLERK,), (Role.OFFICER,)
OFFICES = (Role.CLERK, Role.OFFICER)
BY_PARTY = frozenset({Role.ENTERPRISE, Role.TRAINER})
HEARERS = frozenset({*BY_PARTY, Role.CLERK, Role.OFFICER, Role.OPERATOR})  # who has an inbox
MOST_SUBJECTS = 100  # named in one notification of several events; `count` has them all


class Notice(NamedTuple):
    """What is written for an event beside it. `together`: several alike of one transaction and one day are one notification."""

    type: str
    subject: str
    audiences: tuple[str, ...]
    fields: Mapping[str, Any]
    together: bool


@dataclass(frozen=True, slots=True)
class Notification:
    """A row to be written: of one event, or of `count` alike. `fields` has what they share, and then `subjects`."""

    event_id: str
    recorded: datetime  # when the first of them was
    notice: Notice
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Whom an event concerns, by paths to its own fields, and which of these it is made known with.

    `counties`: where the `offices` are that hear of it; without one, or where it is None, only the national ones do.
    """

    fields: tuple[str, ...]
    enterprise: str | None = None
    centre: str | None = None
    counties: tuple[str, ...] = ()
    offices: tuple[Role, ...] = ()
    everybody: tuple[Role, ...] = ()
    account: bool = False  # whoever caused it
    when: Callable[[Any], bool] = bool  # an event is true: always
    together: bool = False


# --- audiences -----------------------------------------------------------------------------------------------------
def audiences_of(who: Principal) -> tuple[str, ...]:
    """The audiences that a principal belongs to."""
    own = [who.party] if who.role in BY_PARTY else who.regions
    return (*(audience(who.role, one) for one in own if one), who.role.value, f"account:{who}")


def audience(role: Role, of: str) -> str:
    """Of one party, or of one region."""
    return f"{role.value}:{of}"


def regions_around(county: str | None) -> tuple[str, ...]:
    """The regions whose authorities cover a county, as Principal.covers_county has it: itself, prefecture, province, nation."""
    return tuple(dict.fromkeys((county, f"{county[:4]}00", f"{county[:2]}0000", NATION))) if county else (NATION,)


def types_heard(service: str, role: Role | None = None) -> tuple[str, ...]:
    """The types of a service's events that endpoints can hear; with `role`, those of them that its endpoints can."""
    heard = {event.type_name() for event, concern in CONCERNS.items() if (role in _roles(concern) if role else _roles(concern))}
    return tuple(sorted(one for one in heard if one.startswith(f"{service}.")))


def types_of_inbox(role: Role) -> tuple[str, ...]:
    """What may stand in an inbox of the role: of what it hears, and of what an account that reads in lists has caused."""
    return tuple(sorted(event.type_name() for event, one in CONCERNS.items() if role in _roles(one) or (one.account and role in OFFICES)))


def _roles(concern: Concern) -> frozenset[Role]:
    """Whose endpoints hear of it: an account has none."""
    parties = ((Role.ENTERPRISE, concern.enterprise), (Role.TRAINER, concern.centre))
    return frozenset((*concern.offices, *concern.everybody, *(role for role, path in parties if path)))


def notice_of(event: Event, actor: str, offices_in: Sequence[str | None] = ()) -> Notice | None:
    """What is to be written for the event; None: it concerns nobody. `offices_in`: counties that it concerns and does not name."""
    concern = CONCERNS.get(type(event))
    if concern is None or not concern.when(event):
        return None
    heard = tuple(dict.fromkeys(_audiences(concern, event, actor, offices_in)))
    return Notice(
        type=event.type_name(),
        subject=event.subject,
        audiences=heard,
        fields=fields_of(event, concern),
        together=concern.together,
    )


def fields_of(event: Event, concern: Concern) -> dict[str, Any]:
    """What the event is made known with, as JSON has it, by the last part of each path; and the day it is effective on."""
    first, paths = _parts(concern.fields)
    whole = event.model_dump(mode="json", include=first)
    fields = {path[-1]: _at(whole, path) for path in paths}
    return {**fields, "effective": event.effective_on.isoformat()}


@cache
def _parts(paths: tuple[str, ...]) -> tuple[set[str], list[list[str]]]:
    """The first part of each path, and the parts of each."""
    parts = [path.split(".") for path in paths]
    return {path[0] for path in parts}, parts


def notifications(single: Iterable[Notification]) -> list[Notification]:
    """One for each event, in order; one for all that are alike, of one day, and may be made known together."""
    groups: dict[object, list[Notification]] = {}
    for one in single:
        day = one.recorded.astimezone(PROGRAMME_ZONE).date()  # a reaction to several events may be of several days
        group = (one.notice.type, one.notice.audiences, day) if one.notice.together else one.event_id
        groups.setdefault(group, []).append(one)
    return [_gathered(several) for several in groups.values()]


def _gathered(several: Sequence[Notification]) -> Notification:
    first = several[0]
    if len(several) == 1:
        return first
    fields = first.notice.fields
    common = {name: value for name, value in fields.items() if all(one.notice.fields[name] == value for one in several)}
    subjects = [one.notice.subject for one in several[:MOST_SUBJECTS]]
    return replace(first, notice=first.notice._replace(fields={**common, "subjects": subjects}), count=len(several))


def _audiences(concern: Concern, event: Event, actor: str, offices_in: Sequence[str | None]) -> Iterator[str]:
    if concern.enterprise and (enterprise := attrgetter(concern.enterprise)(event)):
        yield audience(Role.ENTERPRISE, str(enterprise))
    if concern.centre:
        yield audience(Role.TRAINER, attrgetter(concern.centre)(event))
    if concern.offices:
        counties = [*_counties(concern, event), *offices_in] or [None]
        for role in concern.offices:
            yield from (audience(role, region) for county in counties for region in regions_around(county))
    yield from (role.value for role in concern.everybody)
    if concern.account:
        yield f"account:{actor}"


def _counties(concern: Concern, event: Event) -> Iterator[str | None]:
    for path in concern.counties:
        found: Any = event
        for name in path.split("."):
            found = getattr(found, name, None)
        yield from found if isinstance(found, tuple) else (found,)


def _at(fields: Any, path: Sequence[str]) -> Any:
    for name in path:
        fields = fields[name]
    return fields


# --- the table -----------------------------------------------------------------------------------------------------
_AT_SEAT: dict[str, Any] = {"enterprise": "enterprise", "counties": ("seat",), "offices": OFFICERS}
_ENTERPRISE: dict[str, Any] = {"enterprise": "enterprise", "offices": OFFICERS}  # whose seat the event does not name
_PLACEMENT: dict[str, Any] = {"enterprise": "enterprise", "counties": ("origin.county",), "offices": CLERKS}
_WORKER: dict[str, Any] = {"counties": ("origin.county",), "offices": CLERKS}
_CASE: dict[str, Any] = {"counties": ("origin.county",), "offices": OFFICES}
_CASE_AND_ENTERPRISE: dict[str, Any] = {**_CASE, "enterprise": "enterprise"}
_CENTRE: dict[str, Any] = {"centre": "centre"}
_LICENCE: dict[str, Any] = {"centre": "centre", "counties": ("region",), "offices": OFFICERS}

_ORDER_FIELDS = ("order", "destination", "occupation")
_PLACEMENT_FIELDS = ("placement", *_ORDER_FIELDS, "origin.county")
_CASE_FIELDS = ("case", "category")  # neither placement nor county nor country: whoever complained may be hidden from the enterprise
_LEDGER_FIELDS = ("placement", "destination", "origin.county")


def _of(part: str) -> dict[str, Any]:
    """As `_PLACEMENT`, of codes that lie in a part of the event."""
    return {"enterprise": f"{part}.enterprise", "counties": (f"{part}.origin.county",), "offices": CLERKS}


CONCERNS: Mapping[type[Event], Concern] = {
    # registration
    registration.ImportCompleted: Concern(account=True, fields=("import_id", "rows", "accepted", "rejected")),
    registration.WorkerSuspended: Concern(**_WORKER, fields=("worker", "origin.county")),  # why is for the API alone
    registration.WorkerReinstated: Concern(**_WORKER, fields=("worker", "origin.county")),
    registration.ResidenceChanged: Concern(
        counties=("previous.origin.county", "fact.origin.county"), offices=CLERKS, fields=("worker", "fact.origin.county")
    ),
    registration.RegistrationLapsed: Concern(**_WORKER, together=True, fields=("worker", "origin.county")),
    registration.WillingnessExpired: Concern(**_WORKER, together=True, fields=("worker", "origin.county")),
    registration.AnnouncementPublished: Concern(
        counties=("counties",), offices=CLERKS, fields=("announcement", "announcement_no", "channels", "languages")
    ),
    # docking, on enterprises
    docking.EnterpriseQualified: Concern(**_AT_SEAT, fields=("enterprise", "licence_no", "valid_to")),
    docking.EnterpriseRenewed: Concern(**_AT_SEAT, fields=("enterprise", "licence_no", "valid_to")),
    docking.EnterpriseSuspended: Concern(**_ENTERPRISE, fields=("enterprise", "licence_no", "reason", "grounds")),
    docking.EnterpriseReinstated: Concern(**_AT_SEAT, fields=("enterprise", "licence_no", "reason", "grounds")),
    docking.EnterpriseExpired: Concern(**_AT_SEAT, fields=("enterprise", "licence_no", "valid_to")),
    docking.EnterpriseRevoked: Concern(**_AT_SEAT, fields=("enterprise", "licence_no", "reason")),
    docking.ReserveDrawn: Concern(**_ENTERPRISE, fields=("enterprise", "case", "amount", "balance", "use", "due")),
    docking.ReserveDrawRefused: Concern(offices=OFFICERS, fields=("enterprise", "case", "amount", "reason")),
    docking.ReserveRestored: Concern(**_ENTERPRISE, fields=("enterprise", "amount", "balance", "due")),
    duties.ManagersMissing: Concern(**_ENTERPRISE, fields=("enterprise", "destination", "abroad", "limit")),
    duties.ManagersMissingCleared: Concern(**_ENTERPRISE, fields=("enterprise", "destination")),
    duties.EnterpriseStopped: Concern(**_ENTERPRISE, fields=("enterprise", "licence_no", "abroad", "home_by")),
    duties.NoticePublished: Concern(**_ENTERPRISE, fields=("notice", "enterprise", "breach", "penalty", "fine", "decision_no", "until")),
    duties.NoticeWithdrawn: Concern(**_ENTERPRISE, fields=("notice", "enterprise", "reason")),
    # docking, on fairs, orders and matches
    fairs.IntentionRecorded: Concern(**_of("fact"), fields=("intention", "fair", "fact.origin.county", "fact.headcount")),
    docking.JobOrderExpired: Concern(enterprise="enterprise", fields=(*_ORDER_FIELDS, "unfilled")),
    docking.MatchDeclined: Concern(**_PLACEMENT, fields=("match", *_ORDER_FIELDS, "origin.county", "side", "reason")),
    docking.MergeHeld: Concern(offices=OFFICERS, fields=("survivor", "absorbed", "reason")),
    # docking, on placements
    docking.MatchedToEnterprise: Concern(**_PLACEMENT, fields=(*_PLACEMENT_FIELDS, "due")),
    docking.ClearanceGranted: Concern(**_PLACEMENT, fields=(*_PLACEMENT_FIELDS, "valid_to")),
    docking.ClearanceRefused: Concern(**_PLACEMENT, fields=(*_PLACEMENT_FIELDS, "failed")),
    docking.ClearanceWithdrawn: Concern(**_PLACEMENT, fields=(*_PLACEMENT_FIELDS, "reason")),
    docking.PlacementCancelled: Concern(**_PLACEMENT, fields=(*_PLACEMENT_FIELDS, "reason", "reopens")),
    docking.Dispatched: Concern(
        **_of("fact"),
        when=lambda event: event.fact.evidence is not docking.Evidence.ADOPTED,  # thousands at once, and long ago
        fields=("placement", "fact.destination", "fact.occupation", "fact.origin.county", "fact.departed_on"),
    ),
    docking.DispatchVoided: Concern(
        **_of("previous"), fields=("placement", "previous.destination", "previous.origin.county", "previous.departed_on")
    ),
    docking.Returned: Concern(
        **_of("dispatch"), fields=("placement", "dispatch.destination", "dispatch.origin.county", "fact.returned_on", "fact.reason")
    ),
    placements.ArrivalConfirmed: Concern(  # what the worker says of the terms is for the authorities, who ask the enterprise in a case
        counties=("fact.origin.county",),
        offices=OFFICES,
        when=lambda event: not event.fact.terms_match,
        fields=("placement", "fact.destination", "fact.origin.county", "fact.differences"),
    ),
    # training
    training.CentreLicensed: Concern(**_LICENCE, fields=("centre_id", "centre", "licence_no", "valid_to")),
    training.CentreRenewed: Concern(**_LICENCE, fields=("centre_id", "centre", "licence_no", "valid_to")),
    training.CentreSuspended: Concern(**_CENTRE, offices=OFFICERS, fields=("centre_id", "centre", "reason")),
    training.CentreReinstated: Concern(**_CENTRE, offices=OFFICERS, fields=("centre_id", "centre")),
    training.CentreRevoked: Concern(**_CENTRE, offices=OFFICERS, fields=("centre_id", "centre", "reason")),
    training.CourseScheduled: Concern(
        **_CENTRE, fields=("session", "centre", "destination", "occupation", "starts_on", "ends_on", "seats")
    ),
    training.SessionCancelled: Concern(
        **_CENTRE, fields=("session", "centre", "destination", "occupation", "reason", "reseated", "waiting")
    ),
    training.AttendanceOverlapFlagged: Concern(counties=("origin.county",), offices=OFFICERS, fields=("finding", "kind", "origin.county")),
    training.AssessmentHeld: Concern(counties=("origin.county",), offices=OFFICERS, fields=("enrolment", "origin.county")),
    training.CertificateIssued: Concern(
        **_WORKER, fields=("placement", "serial", "destination", "occupation", "origin.county", "valid_to")
    ),
    training.CertificateRevoked: Concern(**_WORKER, fields=("placement", "serial", "destination", "origin.county", "reason")),
    training.CertificateExpired: Concern(
        **_WORKER,
        when=lambda event: event.reopens_need is not False,  # of whoever has departed nothing is to be done
        fields=("placement", "serial", "destination", "origin.county", "valid_to"),
    ),
    # rights, on wages
    rights.WageShortfallDetected: Concern(**_PLACEMENT, together=True, fields=(*_LEDGER_FIELDS, "period", "kind", "shortfall")),
    rights.WageShortfallCleared: Concern(**_PLACEMENT, together=True, fields=(*_LEDGER_FIELDS, "period", "kind", "recovered")),
    rights.OrphanResolved: Concern(
        counties=("to_province",), offices=OFFICERS, when=lambda event: event.outcome == "forwarded", fields=("report", "to_report")
    ),
    # rights, on cases
    rights.CaseOpened: Concern(**_CASE, fields=(*_CASE_FIELDS, "severity", "due_at")),
    rights.CaseAssigned: Concern(**_CASE, fields=_CASE_FIELDS),
    rights.CaseDeadlineMissed: Concern(**_CASE, fields=(*_CASE_FIELDS, "due_at")),
    rights.CaseEscalated: Concern(**_CASE, fields=(*_CASE_FIELDS, "level", "cause")),
    rights.CaseResponseRequested: Concern(**_CASE_AND_ENTERPRISE, fields=(*_CASE_FIELDS, "due_at")),
    rights.CaseResponseReceived: Concern(**_CASE, fields=(*_CASE_FIELDS, "position")),
    rights.CaseOfferRecorded: Concern(**_CASE, fields=(*_CASE_FIELDS, "amount", "offered_by")),
    rights.CaseSettled: Concern(
        **_CASE_AND_ENTERPRISE, when=lambda event: event.collective is None, fields=(*_CASE_FIELDS, "amount", "paid_by")
    ),
    rights.CaseSettlementRefused: Concern(**_CASE, fields=(*_CASE_FIELDS, "amount", "reason")),
    rights.CaseClosed: Concern(**_CASE_AND_ENTERPRISE, fields=(*_CASE_FIELDS, "outcome")),
    rights.CaseReopened: Concern(**_CASE_AND_ENTERPRISE, fields=(*_CASE_FIELDS, "ground")),
    rights.CasesGrouped: Concern(**_CASE, fields=(*_CASE_FIELDS, "cause")),
    # rights, on emergencies
    rights.EmergencyDeclared: Concern(
        everybody=(Role.ENTERPRISE, Role.TRAINER, *OFFICES), fields=("emergency", "destination", "grade", "kind", "abroad")
    ),
    rights.EmergencyEnded: Concern(everybody=(Role.ENTERPRISE, Role.TRAINER, *OFFICES), fields=("emergency", "destination", "unaccounted")),
    rights.WorkerToAccountFor: Concern(**_PLACEMENT, together=True, fields=(*_LEDGER_FIELDS, "emergency")),
    rights.RepatriationRequested: Concern(counties=("origin.county",), offices=OFFICERS, fields=("repatriation", *_LEDGER_FIELDS, "cause")),
    rights.RepatriationApproved: Concern(**_PLACEMENT, fields=("repatriation", *_LEDGER_FIELDS, "paid_by")),
    rights.RepatriationRefused: Concern(**_WORKER, fields=("repatriation", *_LEDGER_FIELDS, "cause")),
    rights.RepatriationCompleted: Concern(**_PLACEMENT, fields=("repatriation", *_LEDGER_FIELDS, "cost", "paid_by")),
    # stats
    stats.QuotaStatusChanged: Concern(
        everybody=OFFICERS,
        when=lambda event: event.status_from is not event.status_to or event.infeasible,
        fields=("quota", "period", "status_from", "status_to", "share", "gap_heads", "infeasible"),
    ),
    stats.TargetProgressChanged: Concern(
        everybody=OFFICERS,
        when=lambda event: event.state_from is not event.state_to,
        fields=("target", "measure", "programme", "state_from", "state_to", "actual", "floor"),
    ),
    stats.YearOnYearBreached: Concern(
        everybody=OFFICERS,
        when=lambda event: not event.with_status,  # whoever hears of the status need not hear it twice
        fields=("quota", "period", "share", "share_before"),
    ),
    stats.PeriodClosed: Concern(everybody=OFFICERS, fields=("period", "version")),
    stats.PeriodReopened: Concern(everybody=OFFICERS, fields=("period", "version", "reason")),
    stats.StalenessRaised: Concern(everybody=(Role.OPERATOR,), fields=("lag_seconds", "bound_seconds", "parked")),
    stats.StalenessCleared: Concern(everybody=(Role.OPERATOR,), fields=("lag_seconds", "parked")),
    stats.ProjectionRebuilt: Concern(everybody=(Role.OPERATOR,), fields=("generation", "events", "differing")),
}
