"""Accesses to personal data as shown."""

from __future__ import annotations

from datetime import datetime

from services.registration.domain.accesses import AccessKind
from services.registration.views.view import View
from shared.values import WorkerId


class Access(View):
    worker: WorkerId
    worker_no: str
    reader: str
    accessed_at: datetime
    kind: AccessKind
    reason: str


class Accesses(View):
    items: tuple[Access, ...]
    next: str | None  # hand it back as `after`
