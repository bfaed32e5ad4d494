"""Screens of a county clerk about workers: registered, found, put right, willing. Officers and auditors see them too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from console.web.asking import AskScreen, ask_router
from console.web.screen import Advice, Button, Command, Item, ItemScreen, ListScreen, Part, State, falling_due, history
from console.web.screens.options import announcements, education_levels, worker_by_number
from shared.principals import Role
from shared.texts import Texts, sentence

READERS = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})
WRITERS = frozenset({Role.CLERK, Role.OFFICER})
CLERK = frozenset({Role.CLERK})
OFFICER = frozenset({Role.OFFICER})
WORKER = {"worker": "worker"}


# --- what comes next ----------------------------------------------------------------------------------------------------
def worker_to_do(worker: Item, text: Texts, today: date) -> Sequence[str]:
    """What keeps the worker from an offer abroad, and what somebody has to decide."""
    if worker["validity"] == "suspended":
        return [text("Suspended: {reason}. An officer can reinstate.", reason=text.value("suspended_for", worker["suspended_for"]))]
    if worker["validity"] != "active":
        return []
    found: list[str] = []
    if worker["assurance"] == "provisional":
        found.append(_verify(worker, text))
    if worker["possible_duplicates"]:
        sentence = text("It may be the same person as another registration: {count} to decide.", count=worker["possible_duplicates"])
        found.append(Markup('<a href="/duplicates?worker={}">{}</a>').format(worker["worker"], sentence))
    if worker["abroad_since"] is not None:
        day = text.day(date.fromisoformat(worker["abroad_since"]))
        found.append(State(text("Abroad since {day}. Whether the worker wants to go again is asked after the return.", day=day)))
    elif worker["willingness"] != "willing":
        found.append(text("Ask whether the worker wants to go abroad, and record it: only the willing are offered a position."))
    elif worker["offer"]:
        end = date.fromisoformat(worker["offer"]["expires_on"])
        found.append(falling_due(text("The willingness ends on {day} unless it is recorded again.", day=text.day(end)), end, today))
    return found


def _verify(worker: Item, text: Texts) -> str:
    if worker["provisional_until"] is None:
        return text("Nobody has seen the identity document yet: a clerk verifies it.")
    day = text.day(date.fromisoformat(worker["provisional_until"]))
    if worker["provisional_expired"]:
        return text("The identity document had to be seen by {day}: a clerk verifies it, or the registration lapses.", day=day)
    return text("Nobody has seen the identity document yet: a clerk verifies it by {day}.", day=day)


def _button(operation: str, roles: frozenset[Role], validity: Sequence[str] = ("active",), **given: str) -> Button:
    return Button(
        service="registration",
        operation=operation,
        parts={**WORKER, **given},
        roles=roles,
        when=lambda worker: worker["validity"] in validity,
    )


# --- screens ------------------------------------------------------------------------------------------------------------
CORRECTIONS = ("fields", "state", "reason", "requested_by", "requested_at", "decided_by", "rejected_for")
ACCESSES = ("accessed_at", "reader", "kind", "reason")
DECIDE_CORRECTION = tuple(
    Button(
        service="registration",
        operation=operation,
        parts={"correction": "correction"},
        roles=WRITERS,
        when=lambda one: one["state"] == "pending",
    )
    for operation in ("approve_correction", "reject_correction")
)
WORKER_PARTS = (
    Part(
        title="Corrections",
        service="registration",
        route="/workers/{worker}/corrections",
        parts=WORKER,
        columns=CORRECTIONS,
        buttons=DECIDE_CORRECTION,
        row="/corrections/{correction}/personal-data?back=/workers/{worker}",
        empty="Nothing was corrected.",
    ),
    Part(
        title="Placements",
        service="docking",
        route="/placements",
        query=WORKER,
        fixed={"sort": "-matched_on"},
        columns=("destination", "occupation", "enterprise", "state", "matched_on", "dispatch.departed_on", "dispatch.returned_on"),
        row="/placements/{placement}",
        empty="Not placed with any enterprise yet.",
    ),
    Part(
        title="Training",
        service="training",
        route="/workers/{worker}/training",
        parts=WORKER,
        at="enrolments",
        columns=("destination", "occupation", "state", "enrolled_on", "minutes_total", "score", "serial"),
        row="/enrolments/{enrolment}",
        empty="Not enrolled in any training session. A seat follows when the worker is matched to an enterprise.",
    ),
    Part(
        title="Who read the personal data",
        service="registration",
        route="/workers/{worker}/personal-data/accesses",
        parts=WORKER,
        columns=ACCESSES,
        empty="Nobody has had the personal data shown.",
    ),
    history("registration", "/workers/{worker}/history", WORKER),
)
SCREENS = (
    ListScreen(
        path="/workers",
        title="Workers",
        group="Registration",
        service="registration",
        route="/workers",
        columns=("worker_no", "personal.name", "county", "occupations", "validity", "assurance", "willingness", "registered_on"),
        filters=("worker_no", "old_number", "county", "occupation", "assurance", "validity", "state"),
        labels={"state": sentence("Wants to go abroad")},
        fixed={"sort": "-id"},  # the newest first
        roles=READERS,
        row="/workers/{worker}",
        buttons=(Button(service="registration", operation="register_worker", roles=WRITERS),),
        empty="No worker is found by this number or in this county.",
        fits_filters=True,
        advice=Advice(sentence("Look for another one, or register the worker."), WRITERS),
    ),
    ItemScreen(
        path="/workers/{worker}",
        title="Worker {worker_no}",
        service="registration",
        route="/workers/{worker}",
        roles=READERS,
        tags=("validity", "assurance", "willingness"),
        known_by=("personal.name", "county"),
        to_do=worker_to_do,
        groups=(
            ("Who", ("personal.name", "personal.id_number", "personal.phone", "birth_year", "sex")),
            ("Origin", ("county", "designation", "residence_basis", "residence_since", "household_status", "household_since")),
            ("Skills", ("education", "occupations")),
            ("Wants to go abroad", ("willingness", "willingness_since", "offer")),
            (
                "Registration",
                (
                    "registered_on",
                    "source",
                    "outreach.channel",
                    "verified_on",
                    "provisional_until",
                    "validity_since",
                    "suspended_for",
                    "absorbed_numbers",
                    "old_numbers",
                ),
            ),
        ),
        parts=WORKER_PARTS,
        buttons=(
            Button(
                service="registration",
                operation="verify_worker",
                parts=WORKER,
                roles=WRITERS,
                when=lambda worker: worker["validity"] == "active" and worker["assurance"] == "provisional",
            ),
            Button(
                service="registration",
                operation="record_willingness",
                parts=WORKER,
                roles=WRITERS,
                when=lambda worker: worker["validity"] == "active" and worker["abroad_since"] is None,
            ),
            Button(
                service="registration",
                operation="withdraw_willingness",
                parts=WORKER,
                roles=WRITERS,
                when=lambda worker: worker["willingness"] == "willing",
            ),
            _button("correct_worker", WRITERS, ("active", "suspended", "lapsed")),
            _button("change_residence", WRITERS, ("active", "suspended")),
            _button("set_household_status", WRITERS, ("active", "suspended")),
            _button("link_duplicate", WRITERS, ("active", "suspended", "lapsed")),
            _button("record_old_number", OFFICER, ("active", "suspended", "lapsed")),
            _button("suspend_worker", OFFICER),
            _button("reinstate_worker", OFFICER, ("suspended",)),
            _button("erase_worker", OFFICER, ("active", "suspended", "lapsed")),
        ),
        links=(
            ("Show the personal data", "/workers/{worker}/personal-data?back=/workers/{worker}", CLERK),
            ("Copy for the worker", "/workers/{worker}/copy?back=/workers/{worker}", WRITERS),
        ),
    ),
    ListScreen(
        path="/corrections",
        title="Corrections that wait for a second person",
        group="Registration",
        service="registration",
        route="/corrections",
        columns=("worker_no", *CORRECTIONS[:5]),
        roles=READERS,
        row="/workers/{worker}",
        row_buttons=DECIDE_CORRECTION,
        empty="No correction waits. One of a name, number, birth date or sex comes here until a second person agrees.",
    ),
    ListScreen(
        path="/accesses",
        title="Who read whose personal data",
        group="Registration",
        service="registration",
        route="/personal-data-accesses",
        columns=("accessed_at", "worker_no", "reader", "kind", "reason"),
        filters=("reader", "since", "until"),
        roles=frozenset({Role.AUDITOR}),
        row="/workers/{worker}",
        empty="Nobody has had personal data shown yet.",
    ),
)
ASKED = (
    AskScreen(
        path="/lookup",
        title="Find by identity number",
        group="Registration",
        service="registration",
        operation="look_up_worker",
        roles=WRITERS,
        note="It is recorded that you looked, whom you found and why; the worker can ask who did.",
        columns=("worker_no", "personal.name", "county", "validity", "assurance", "willingness", "registered_on"),
        row="/workers/{worker}",
        empty="Nobody in your region is registered under this number.",
        label="Find",
    ),
    AskScreen(
        path="/workers/{worker}/personal-data",
        title="Personal data of a worker",
        service="registration",
        operation="disclose_personal_data",
        roles=CLERK,
        note="It is recorded that you looked and why; the worker can ask who did.",
    ),
    AskScreen(
        path="/workers/{worker}/copy",
        title="Copy for the worker",
        service="registration",
        operation="copy_personal_data",
        roles=WRITERS,
        note="Everything that registration holds about the worker. It is recorded that you took it and why. Print it, or save it as PDF.",
    ),
    AskScreen(
        path="/corrections/{correction}/personal-data",
        title="What a correction asks for",
        service="registration",
        operation="disclose_correction",
        roles=WRITERS,
        note="It is recorded that you looked. Compare it with the document before you approve.",
    ),
)
router = ask_router(*ASKED)
COMMANDS = (
    Command(
        service="registration",
        operation="register_worker",
        then="/workers/{worker}",
        labels={"name": sentence("Full name")},
        local=True,
        options={"education": education_levels, "outreach.announcement": announcements},
        sections=(
            ("Who", ("name", "name_pinyin", "id_number", "id_checked", "birth_date", "sex")),  # the number fills in birth date and sex
            ("Origin", ("county", "residence_basis", "household_status")),
            ("Skills", ("education", "occupations")),
            ("Contact", ("phone",)),
            ("How they heard of it", ("outreach",)),
            ("Registration", ("source", "registered_on")),
        ),
    ),
    Command(
        service="registration",
        operation="correct_worker",
        note="Fill in only what is wrong. A name, number, birth date or sex waits until a second person agrees.",
        labels={"name": sentence("Full name")},
        now={"name": "personal.name", "id_number": "personal.id_number", "phone": "personal.phone", "birth_date": "birth_year"},
        options={"education": education_levels},
        sections=(
            ("Who", ("name", "name_pinyin", "birth_date", "sex", "id_number")),
            ("Origin", ("county", "residence_basis")),
            ("Skills", ("education", "occupations")),
            ("Contact", ("phone",)),
        ),
    ),
    Command(service="registration", operation="set_household_status", now={"as_of": ""}),
    Command(service="registration", operation="change_residence", now={"moved_on": ""}),
    Command(
        service="registration",
        operation="record_willingness",
        now={name: f"offer.{name}" for name in ("destinations", "family_consent", "available_from", "occupations", "wage_floor")},
    ),
    Command(
        service="registration",
        operation="link_duplicate",
        note="You state that the two are one person. Somebody else confirms it and chooses whose number stays.",
        labels={"other": sentence("Worker number of the other registration")},
        resolved={"other": worker_by_number},
        then="/duplicates/{duplicate}",
    ),
    Command(service="registration", operation="erase_worker", note="To be sure, type the worker number once more.", danger=True),
    Command(
        service="registration", operation="approve_correction", note="You have compared the document with what is asked for.", live=False
    ),
)
