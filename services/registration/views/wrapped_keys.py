"""What one batch of a change of the master key has done."""

from __future__ import annotations

from uuid import UUID

from services.registration.views.view import View


class Rewrapped(View):
    """`next`: after which the next batch begins, None at the end; `unreadable`: no key of this process opens these."""

    seen: int
    rewrapped: int
    unreadable: int
    next: UUID | None
