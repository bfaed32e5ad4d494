"""Announcements of the programme, and how many people they reached: by county, channel and day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from services.registration.domain.errors import (
    AnnouncementNumberMistyped,
    BeforeThePublication,
    ChannelNotUsed,
    CountyNotCovered,
    OutreachAlreadyVoided,
)
from services.registration.domain.identity import check_character
from shared.values import AnnouncementId, CountyCode, Language, OutreachChannel, OutreachId

OutreachCorrectionReason = Literal["mistyped", "counted_anew", "misattributed"]
OutreachVoidReason = Literal["entered_twice", "not_held", "wrong_announcement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    announcement: AnnouncementId
    announcement_no: str
    title: str
    counties: tuple[CountyCode, ...]
    channels: tuple[OutreachChannel, ...]
    languages: tuple[Language, ...]
    published_on: date
    published_by: str
    published_at: datetime


class OutreachState(StrEnum):
    RECORDED = "recorded"
    VOIDED = "voided"


class Step(StrEnum):
    CORRECT = "correct"
    VOID = "void"


OUTREACH_STEPS: Mapping[tuple[OutreachState, Step], OutreachState] = {
    (OutreachState.RECORDED, Step.CORRECT): OutreachState.RECORDED,
    (OutreachState.RECORDED, Step.VOID): OutreachState.VOIDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outreach:
    """One record as it stands. `reason`: why it was corrected or voided; None: as first recorded."""

    outreach: OutreachId
    announcement: AnnouncementId
    version: int
    state: OutreachState
    reason: OutreachCorrectionReason | OutreachVoidReason | None
    county: CountyCode
    channel: OutreachChannel
    reached: int
    on: date
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class AnnouncementFilter:
    """Which announcements are asked for; None: any."""

    county: CountyCode | None = None
    channel: OutreachChannel | None = None
    announcement_no: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """By which announcement and channel a worker came to register."""

    announcement: AnnouncementId
    channel: OutreachChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What an announcement came to by a channel; in one county where it is set."""

    announcement: AnnouncementId
    county: CountyCode | None
    channel: OutreachChannel
    records: int
    reached: int
    converted: int


def state_after(state: OutreachState, step: Step) -> OutreachState:
    """Raises OutreachAlreadyVoided."""
    if (state, step) not in OUTREACH_STEPS:
        raise OutreachAlreadyVoided(state=state)
    return OUTREACH_STEPS[state, step]


def require_made(made: Announcement, county: CountyCode, channel: OutreachChannel, on: date, within: str = "") -> None:
    """Somebody of the county can have heard of it by the channel on that day.

    `county`: by its present code. `within`: the part of the request, with its dot.

    Raises CountyNotCovered, ChannelNotUsed, BeforeThePublication.
    """
    if county not in made.counties:
        raise CountyNotCovered(field=f"{within}announcement" if within else "county")
    if channel not in made.channels:
        raise ChannelNotUsed(field=f"{within}channel", state={"channels": made.channels})
    if on < made.published_on:
        field = f"{within}announcement" if within else "on"
        raise BeforeThePublication(f"was published on {made.published_on}", field=field, state={"published_on": made.published_on})


# --- numbers ----------------------------------------------------------------------------------------------------------
_ANNOUNCEMENT_NO = re.compile(r"A([0-9]{8,18})-([0-9X])", re.ASCII)


def format_announcement_no(number: int) -> str:
    """What people write down and read out: A00000001-5."""
    digits = f"{number:08d}"
    return f"A{digits}-{check_character(digits)}"


def parse_announcement_no(text: str, field: str) -> str:
    """An announcement number in its one spelling. Raises AnnouncementNumberMistyped."""
    found = announcement_no(text)
    if found is None:
        raise AnnouncementNumberMistyped(field=field)
    return found


def announcement_no(text: str) -> str | None:
    """The number in its one spelling; None where it is mistyped."""
    match = _ANNOUNCEMENT_NO.fullmatch(text.strip().upper())
    return match[0] if match and check_character(match[1]) == match[2] else None
