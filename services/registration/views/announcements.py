"""Announcements as shown, with what they came to in the regions of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from services.registration.domain import announcements
from services.registration.views.view import View
from shared.values import AnnouncementId, CountyCode, Language, OutreachChannel


class ReachByChannel(View):
    """`records` of outreach that stand, the people they reached (some more than once), and registrations that came of it."""

    channel: OutreachChannel
    records: int
    reached: int
    converted: int


class Reach(ReachByChannel):
    county: CountyCode


class Reaches(View):
    items: tuple[Reach, ...]
    next: str | None  # hand it back as `after`


class Announcement(View):
    announcement: AnnouncementId
    announcement_no: str
    title: str
    counties: tuple[CountyCode, ...]
    channels: tuple[OutreachChannel, ...]
    languages: tuple[Language, ...]
    published_on: date
    published_by: str
    published_at: datetime
    by_channel: tuple[ReachByChannel, ...]
    reached: int
    converted: int

    @classmethod
    def from_announcement(cls, one: announcements.Announcement, reach: Sequence[announcements.Reach]) -> Announcement:
        return cls(
            announcement=one.announcement,
            announcement_no=one.announcement_no,
            title=one.title,
            counties=one.counties,
            channels=one.channels,
            languages=one.languages,
            published_on=one.published_on,
            published_by=one.published_by,
            published_at=one.published_at,
            by_channel=tuple(map(ReachByChannel.model_validate, reach)),
            reached=sum(part.reached for part in reach),
            converted=sum(part.converted for part in reach),
        )


class AnnouncementLine(View):
    """`counties`: how many; one announcement may be made in all of them."""

    announcement: AnnouncementId
    announcement_no: str
    title: str
    counties: int
    channels: tuple[OutreachChannel, ...]
    languages: tuple[Language, ...]
    published_on: date
    reached: int
    converted: int


class Announcements(View):
    items: tuple[AnnouncementLine, ...]
    next: str | None  # hand it back as `after`

    @classmethod
    def from_announcements(
        cls, found: Iterable[announcements.Announcement], reach: Iterable[announcements.Reach], following: str | None
    ) -> Announcements:
        parts: dict[AnnouncementId, list[announcements.Reach]] = {}
        for part in reach:
            parts.setdefault(part.announcement, []).append(part)
        lines = (_line(one, parts.get(one.announcement, [])) for one in found)
        return cls(items=tuple(lines), next=following)


def _line(one: announcements.Announcement, reach: Sequence[announcements.Reach]) -> AnnouncementLine:
    return AnnouncementLine(
        announcement=one.announcement,
        announcement_no=one.announcement_no,
        title=one.title,
        counties=len(one.counties),
        channels=one.channels,
        languages=one.languages,
        published_on=one.published_on,
        reached=sum(part.reached for part in reach),
        converted=sum(part.converted for part in reach),
    )
