"""Numbers of earlier systems as shown."""

from __future__ import annotations

from services.registration.views.view import View
from shared.values import WorkerId


class OldNumberOfWorker(View):
    number: str
    worker: WorkerId
    worker_no: str


class OldNumbers(View):
    """By number; without those that nobody has."""

    items: tuple[OldNumberOfWorker, ...]


class NumbersOfProvince(View):
    province: str  # where the workers live now
    count: int


class OldNumberCounts(View):
    system: str
    items: tuple[NumbersOfProvince, ...]
