"""A worker's training."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from services.training.usecases import training_records
from services.training.views.training_records import TrainingRecord
from shared.principals import Role
from shared.values import WorkerId
from shared.web.call import Call, allow

router = APIRouter()


@router.get("/workers/{worker}/training")
async def show_training(worker: WorkerId, call: Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.AUDITOR)]) -> TrainingRecord:
    """Needs, prior learning, enrolments and certificates, each oldest first."""
    return await call.query(lambda tx: training_records.show_training(tx, worker))
