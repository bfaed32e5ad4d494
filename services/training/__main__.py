"""`python -m services.training`"""

from __future__ import annotations

from pathlib import Path

from services.training import consumers
from services.training.api import router
from services.training.settings import TrainingSettings
from services.training.usecases.timeouts import sweep
from shared import events, runner
from shared.delivery.consumer import each

SERVICE = runner.Service(
    name="training",
    package=Path(__file__).parent,
    router=router,
    topics=(events.DOCKING,),
    apply=each(consumers.HANDLERS),
    sweep=sweep,
    settings=TrainingSettings,
)

if __name__ == "__main__":
    runner.main(SERVICE)
