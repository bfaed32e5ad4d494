"""Training's screens in sentences: what has to be recorded, what falls due, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from console.web.screen import Item, State, falling_due
from shared.texts import Texts


def session_to_do(session: Item, text: Texts, _today: date) -> Sequence[str]:
    """What has to be recorded, by whom."""
    roster = session["roster"]
    count = {state: sum(1 for one in roster if one["state"] == state) for state in ("enrolled", "held", "passed", "certified", "failed")}
    if session["state"] != "scheduled":
        return []
    found: list[str] = []
    if session["progress"] == "over":
        found.append(State(text("Its days are over since {day}: nobody joins any more.", day=text.day(_day(session["ends_on"])))))
    elif not session["free"]:
        found.append(State(text("Every seat is taken. A seat that is given up goes to whoever has waited longest.")))
    if not roster and session["progress"] != "over":
        line = text("Nobody is enrolled. Who needs such a course and is matched to an enterprise gets a seat, the longest waiting first.")
        found.append(State(line))
    if count["enrolled"]:
        found.append(
            text(
                "{count} not assessed: the trainer records attendance, then an assessor who has not taught here assesses.",
                count=count["enrolled"],
            )
        )
    if count["held"]:
        found.append(text("{count} passes are held: an officer decides on the finding.", count=count["held"]))
    if count["passed"]:
        found.append(text("{count} passed and have no certificate: the centre issues it.", count=count["passed"]))
    return found


def centre_to_do(centre: Item, text: Texts, today: date) -> Sequence[str]:
    """What is due of a licence."""
    if centre["licence_no"] is None:
        return [
            text(
                "No licence is entered. Until {day} an officer enters it; after that no session can be held.",
                day=text.day(_day(centre["valid_to"])),
            )
        ]
    if centre["state"] == "expired":
        return [text("The licence ended on {day}. An officer renews it before the next session.", day=text.day(_day(centre["valid_to"])))]
    if centre["state"] == "suspended":
        return [text("Suspended: sessions to come were cancelled. An officer can reinstate.")]
    end = _day(centre["valid_to"])
    return [falling_due(text("The licence ends on {day}; an officer renews it before that.", day=text.day(end)), end, today)]


def _day(value: str) -> date:
    return date.fromisoformat(value)


def with_somebody(session: Item) -> Item:
    """By state: the session, where it has anybody in that state."""
    return {one["state"]: session["session"] for one in session["roster"]}
