"""What notifications say: a title and sentences for every event that concerns somebody, by its class.

Each is its own English key (shared/texts.py; translations in `mail.po`). A title has no values: it is also the subject of a letter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.values import QuotaStatus


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with a value that is missing is left out, and one of `when` unless its condition holds.

    `due`: the field with the day or moment by which something must be done.
    """

    title: str
    sentences: tuple[str, ...]
    due: str | None = None
    when: Mapping[str, Callable[[Mapping[str, Any]], bool]] = field(default_factory=dict)


NOT_RISEN = "The share required is reached, but it is not above the year before."
UNFILLED = "{occupation}, {destination}: its last day is past, and {unfilled} positions were not filled."
FILLED = "{occupation}, {destination}: its last day is past; every position was filled by then."
SHARE = "Share: {share}."
MISSING = "Missing: {gap_heads} workers."


def _is_held_back(quota: Mapping[str, Any]) -> bool:
    """The threshold is reached, and only the rise on the year before is missing."""
    return quota["gap_heads"] == 0 and quota["status_to"] in {QuotaStatus.AT_RISK, QuotaStatus.BREACHED}


TEMPLATES: Mapping[str, Template] = {
    "ImportCompleted": Template(
        "A list was read in",
        ("Of {rows} rows {accepted} were taken, {rejected} refused.",),
    ),
    "WorkerSuspended": Template(
        "A worker was suspended",
        ("The worker is from {county} and is neither matched nor cleared until reinstated.",),
    ),
    "WorkerReinstated": Template(
        "A worker was reinstated",
        ("The worker is from {county}. Ask what the worker is willing to do: it has to be stated anew.",),
    ),
    "ResidenceChanged": Template(
        "A household register has moved",
        ("The worker belongs to {county} from {effective} on.",),
    ),
    "RegistrationLapsed": Template(
        "Provisional registrations have lapsed",
        ("It concerns {count} of {county}. Whoever shows a document is in force again.",),
    ),
    "WillingnessExpired": Template(
        "Stated willingness has expired",
        ("It concerns {count} of {county}. Ask them whether they still want to go.",),
    ),
    "AnnouncementPublished": Template(
        "The programme is made known in your counties",
        ("Announcement {announcement_no}, by {channels}, in {languages}. Record whom it reaches.",),
    ),
    "EnterpriseQualified": Template(
        "The enterprise is qualified",
        ("Licence {licence_no} is valid to {valid_to}.",),
    ),
    "EnterpriseRenewed": Template(
        "The licence was renewed",
        ("Licence {licence_no} is valid to {valid_to}.",),
    ),
    "EnterpriseSuspended": Template(
        "The enterprise is suspended",
        ("Nobody is matched, cleared or sent until it is reinstated. Reason: {reason}.",),
    ),
    "EnterpriseReinstated": Template(
        "A ground of the suspension is lifted",
        (
            "Lifted: {reason}.",
            "Still in force: {grounds}.",
        ),
    ),
    "EnterpriseExpired": Template(
        "The licence has ended",
        ("Licence {licence_no} was valid to {valid_to}. Renew it: until then nobody is matched, cleared or sent.",),
    ),
    "EnterpriseRevoked": Template(
        "The licence is revoked",
        ("Open orders are closed, placements before departure are cancelled. Reason: {reason}.",),
    ),
    "ReserveDrawn": Template(
        "The reserve was drawn",
        (
            "{amount} were paid out for {use}; {balance} are left.",
            "Top it up by {due}, or the enterprise is suspended.",
        ),
        due="due",
    ),
    "ReserveDrawRefused": Template(
        "The reserve does not pay a settlement",
        ("{amount} were asked for. Reason: {reason}.",),
    ),
    "ReserveRestored": Template(
        "The reserve was topped up",
        (
            "{amount} were paid in; the balance is {balance}.",
            "The minimum is not reached yet: pay in the rest by {due}.",
        ),
        due="due",
    ),
    "ManagersMissing": Template(
        "Accompanying managers are missing",
        ("{abroad} workers are in {destination}, more than {limit}. File the list of managers: nobody else is cleared until then.",),
    ),
    "ManagersMissingCleared": Template(
        "Managers are no longer missing",
        ("Workers may be cleared for {destination} again.",),
    ),
    "EnterpriseStopped": Template(
        "The enterprise has stopped business",
        (
            "{abroad} of its workers are abroad.",
            "They are to be home by {home_by}.",
        ),
        due="home_by",
    ),
    "NoticePublished": Template(
        "A breach was published",
        (
            "{breach}; penalty: {penalty}; decision {decision_no}.",
            "It is public until {until}.",
        ),
    ),
    "NoticeWithdrawn": Template(
        "A published breach was withdrawn",
        ("Reason: {reason}.",),
    ),
    "IntentionRecorded": Template(
        "An intention was recorded at a fair",
        ("{headcount} workers from {county} are to be taken.",),
    ),
    "JobOrderExpired": Template(
        "A job order has reached its last day",
        (UNFILLED, FILLED),
        when={UNFILLED: lambda order: order["unfilled"] != 0, FILLED: lambda order: order["unfilled"] == 0},
    ),
    "MatchDeclined": Template(
        "A match was declined",
        ("{side} declined ({reason}): {occupation}, {destination}, a worker from {county}.",),
    ),
    "MergeHeld": Template(
        "A merge of two registrations is held",
        ("Both have stays abroad that one person cannot have had. Put the stays right. Reason: {reason}.",),
    ),
    "MatchedToEnterprise": Template(
        "A worker was matched",
        (
            "{occupation}, {destination}, a worker from {county}.",
            "The position is held until {due}: sign and file the contract by then.",
        ),
        due="due",
    ),
    "ClearanceGranted": Template(
        "A clearance was granted",
        (
            "{occupation}, {destination}, a worker from {county}.",
            "The departure has to be by {valid_to}.",
        ),
        due="valid_to",
    ),
    "ClearanceRefused": Template(
        "A clearance was refused",
        (
            "{occupation}, {destination}, a worker from {county}.",
            "Not fulfilled: {failed}.",
        ),
    ),
    "ClearanceWithdrawn": Template(
        "A clearance was withdrawn",
        (
            "The worker must not depart. {occupation}, {destination}, a worker from {county}.",
            "Reason: {reason}.",
        ),
    ),
    "PlacementCancelled": Template(
        "A placement was cancelled",
        (
            "{occupation}, {destination}, a worker from {county}.",
            "Reason: {reason}.",
        ),
    ),
    "Dispatched": Template(
        "A worker has departed",
        ("On {departed_on} to {destination} as {occupation}, from {county}.",),
    ),
    "DispatchVoided": Template(
        "A departure was voided",
        ("There was no departure on {departed_on} to {destination} from {county}.",),
    ),
    "Returned": Template(
        "A worker has returned",
        ("On {returned_on} from {destination} to {county}. Reason: {reason}.",),
    ),
    "ArrivalConfirmed": Template(
        "Terms abroad differ from the contract",
        ("A worker from {county} reports from {destination}: {differences}. Follow it up.",),
    ),
    "CentreLicensed": Template(
        "The training centre is licensed",
        ("{centre}, licence {licence_no}, valid to {valid_to}.",),
    ),
    "CentreRenewed": Template(
        "The training centre's licence was renewed",
        ("{centre}, licence {licence_no}, valid to {valid_to}.",),
    ),
    "CentreSuspended": Template(
        "The training centre is suspended",
        ("{centre}: its sessions to come are cancelled. Reason: {reason}.",),
    ),
    "CentreReinstated": Template(
        "The training centre is reinstated",
        ("{centre} may hold sessions again.",),
    ),
    "CentreRevoked": Template(
        "The training centre's licence is revoked",
        ("{centre}: its sessions that are not over are cancelled. Reason: {reason}.",),
    ),
    "CourseScheduled": Template(
        "A session is scheduled",
        ("{starts_on} to {ends_on}, {seats} seats: {occupation}, {destination}.",),
    ),
    "SessionCancelled": Template(
        "A session is cancelled",
        ("{reseated} got another seat, {waiting} are waiting: {occupation}, {destination}. Reason: {reason}.",),
    ),
    "AttendanceOverlapFlagged": Template(
        "An attendance looks wrong",
        ("{kind}: a worker from {county}. An officer has to look and decide.",),
    ),
    "AssessmentHeld": Template(
        "A passed assessment is held",
        ("A worker from {county}: it counts once an officer has looked.",),
    ),
    "CertificateIssued": Template(
        "A training certificate was issued",
        ("{serial} for {occupation}, {destination}, a worker from {county}; valid to {valid_to}.",),
    ),
    "CertificateRevoked": Template(
        "A training certificate was revoked",
        ("{serial} for {destination}, a worker from {county}. Reason: {reason}.",),
    ),
    "CertificateExpired": Template(
        "A training certificate has expired",
        ("{serial} for {destination}, a worker from {county}, was valid to {valid_to}. Whoever has not departed needs training again.",),
    ),
    "WageShortfallDetected": Template(
        "Wages were paid short",
        (
            "{count} found, for {period}: {kind}. Pay the rest, or show that it was paid.",
            "Missing: {shortfall}.",
        ),
    ),
    "WageShortfallCleared": Template(
        "A wage shortfall is made good",
        ("{count} cleared, for {period}: {kind}.",),
    ),
    "OrphanResolved": Template(
        "Income reports were handed to your province",
        ("They belong to a departure that was voided. Look what is to become of them.",),
    ),
    "CaseOpened": Template(
        "A case was opened",
        ("{category}, {severity}. The first answer is due by {due_at}.",),
        due="due_at",
    ),
    "CaseAssigned": Template(
        "A case was assigned",
        ("It is about {category}.",),
    ),
    "CaseDeadlineMissed": Template(
        "A first answer is overdue",
        ("{category}: it was due by {due_at}. Answer now.",),
    ),
    "CaseEscalated": Template(
        "A case has gone to a higher office",
        ("{category}, now at: {level}. Cause: {cause}.",),
    ),
    "CaseResponseRequested": Template(
        "A response to a complaint is asked for",
        ("It is about {category}. Answer by {due_at}.",),
        due="due_at",
    ),
    "CaseResponseReceived": Template(
        "A response to a complaint has come",
        ("It is about {category}. Position: {position}.",),
    ),
    "CaseOfferRecorded": Template(
        "An offer was made in a case",
        ("It is about {category}. {amount}, by: {offered_by}.",),
    ),
    "CaseSettled": Template(
        "A case was settled",
        (
            "It is about {category}. Paid by: {paid_by}.",
            "Amount: {amount}.",
        ),
    ),
    "CaseSettlementRefused": Template(
        "A settlement is not paid",
        ("It is about {category}. {amount}; reason: {reason}. An offer has to be found again.",),
    ),
    "CaseClosed": Template(
        "A case was closed",
        ("It is about {category}. Outcome: {outcome}.",),
    ),
    "CaseReopened": Template(
        "A case was reopened",
        ("It is about {category}. Ground: {ground}.",),
    ),
    "CasesGrouped": Template(
        "Cases were joined into a collective one",
        ("They are about {category}, and of workers of one enterprise.",),
    ),
    "EmergencyDeclared": Template(
        "An emergency was declared",
        ("{destination}: {kind}, {grade}. Nobody is cleared for that country; everybody there is to be accounted for.",),
    ),
    "EmergencyEnded": Template(
        "An emergency has ended",
        ("{destination}: workers may be cleared again. Not accounted for: {unaccounted}.",),
    ),
    "WorkerToAccountFor": Template(
        "Account for your workers",
        ("{count} from {county} are in {destination}. Report of each what is known.",),
    ),
    "RepatriationRequested": Template(
        "A repatriation waits for approval",
        ("A worker from {county} is to be brought home from {destination}: {cause}. Another officer than who asked decides.",),
    ),
    "RepatriationApproved": Template(
        "A repatriation was approved",
        ("A worker from {county} is brought home from {destination}. To be paid by: {paid_by}.",),
    ),
    "RepatriationRefused": Template(
        "A repatriation was refused",
        ("A worker from {county} in {destination}: {cause}.",),
    ),
    "RepatriationCompleted": Template(
        "A worker was brought home",
        ("From {destination} to {county}. Cost: {cost}, paid by: {paid_by}.",),
    ),
    "QuotaStatusChanged": Template(
        "A quota has another status",
        (
            "{quota}, {period}: {status_to}.",
            SHARE,
            MISSING,
            NOT_RISEN,
        ),
        when={SHARE: lambda quota: quota["share"][1] > 0, MISSING: lambda quota: quota["gap_heads"] != 0, NOT_RISEN: _is_held_back},
    ),
    "TargetProgressChanged": Template(
        "A target has another state",
        ("{target}: {state_to}. Reached: {actual}, floor: {floor}.", "Programme: {programme}."),
    ),
    "YearOnYearBreached": Template(
        "A share is not above that of the year before",
        ("{quota}, {period}: {share}, after {share_before}.",),
    ),
    "PeriodClosed": Template(
        "A period was closed",
        ("The figures of {period} are final, version {version}. What comes later is a restatement.",),
    ),
    "PeriodReopened": Template(
        "A period was reopened",
        ("{period} after version {version}. Reason: {reason}.",),
    ),
    "StalenessRaised": Template(
        "The figures are behind",
        ("They lag {lag_seconds} s, more than {bound_seconds} s. See laowu status and laowu deadletters list.",),
    ),
    "StalenessCleared": Template(
        "The figures have caught up",
        ("They lag {lag_seconds} s.",),
    ),
    "ProjectionRebuilt": Template(
        "The cells were counted anew",
        ("{events} events, {differing} cells differ.",),
    ),
    "EndpointFailing": Template(
        "Messages could not be delivered",
        ("{count} messages were given up. Look at the endpoint's deliveries, put it right, and send them again.",),
    ),
    "EndpointGone": Template(
        "An endpoint was switched off",
        ("It answered 410 Gone. Enable it again once it takes messages.",),
    ),
}
