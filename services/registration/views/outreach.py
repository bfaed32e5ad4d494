"""Records of outreach as shown."""

from __future__ import annotations

from datetime import date, datetime

from services.registration.domain.announcements import OutreachCorrectionReason, OutreachState, OutreachVoidReason
from services.registration.views.view import View
from shared.values import AnnouncementId, CountyCode, OutreachChannel, OutreachId


class Outreach(View):
    """`reason`: why it was corrected or voided; null: as first recorded."""

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


class Outreaches(View):
    items: tuple[Outreach, ...]
    next: str | None  # hand it back as `after`


class OutreachVersions(View):
    """Oldest first."""

    items: tuple[Outreach, ...]
    next: int | None  # hand it back as `after`
