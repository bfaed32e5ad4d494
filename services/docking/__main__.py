"""`python -m services.docking`."""

from __future__ import annotations

from pathlib import Path

from services.docking import consumers
from services.docking.api import router
from services.docking.settings import DockingSettings
from services.docking.usecases.sweeps import sweep
from shared import runner

LISTS = ("adoption", "contracts", "insurances", "medicals", "clearances", "departures", "arrivals", "returns")
SERVICE = runner.Service(
    name="docking",
    package=Path(__file__).parent,
    router=router,
    topics=consumers.TOPICS,
    apply=consumers.apply,
    sweep=sweep,
    settings=DockingSettings,
    body_limits={f"/placements/{rows}": 1024 * 1024 for rows in LISTS},
)

if __name__ == "__main__":
    runner.main(SERVICE)
