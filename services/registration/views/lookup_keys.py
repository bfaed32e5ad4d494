"""What one batch of a change of the lookup key has done, or has found."""

from __future__ import annotations

from uuid import UUID

from services.registration.views.view import View


class Rehashed(View):
    """`outdated`: under another key, and now under the present one, unless they were only counted; `unreadable`: no key opens these.

    `unknown_documents`, with the last batch: documents that verify somebody, kept by a hash that nobody here has.
    """

    seen: int
    outdated: int
    unreadable: int
    next: UUID | None
    unknown_documents: int | None
