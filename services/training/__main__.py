"""`python -m services.training`"""

from __future__ import annotations

from pathlib import Path

from services.training import consumers
from services.training.api import router
from services.training.settings import TrainingSettings
from services.training.usecases.sweeps import sweep
from shared import runner

SERVICE = runner.Service(
    name="training",
    package=Path(__file__).parent,
    router=router,
    topics=consumers.TOPICS,
    apply=consumers.apply,
    sweep=sweep,
    settings=TrainingSettings,
    body_limits={f"/sessions/{rows}": 1024 * 1024 for rows in ("registers", "assessments")},
)

if __name__ == "__main__":
    runner.main(SERVICE)
