"""A worker's training."""

from __future__ import annotations

from pydantic import BaseModel

from services.training.views.certificates import Certificate
from services.training.views.enrolments import Enrolment
from services.training.views.needs import Need
from services.training.views.recognitions import Recognition
from shared.values import WorkerId


class TrainingRecord(BaseModel, frozen=True):
    """Everything that a worker was to learn, has learned and holds, each oldest first."""

    worker: WorkerId
    needs: tuple[Need, ...]
    recognitions: tuple[Recognition, ...]
    enrolments: tuple[Enrolment, ...]
    certificates: tuple[Certificate, ...]
