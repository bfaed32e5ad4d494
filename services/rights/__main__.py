"""`python -m services.rights`"""

from __future__ import annotations

from pathlib import Path

from services.rights import consumers
from services.rights.api import router
from services.rights.settings import PAYROLL_BODY_BYTES, RightsSettings
from services.rights.usecases.sweeps import sweep
from shared import runner

SERVICE = runner.Service(
    name="rights",
    package=Path(__file__).parent,
    router=router,
    topics=consumers.TOPICS,
    apply=consumers.apply,
    sweep=sweep,
    settings=RightsSettings,
    body_limits={"/payrolls": PAYROLL_BODY_BYTES},
)

if __name__ == "__main__":
    runner.main(SERVICE)
