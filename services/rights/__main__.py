"""`python -m services.rights`"""

from __future__ import annotations

from pathlib import Path

from services.rights import consumers
from services.rights.api import router
from services.rights.settings import PAYROLL_BODY_BYTES, Settings
from services.rights.usecases.sweeps import sweep
from shared import events, runner
from shared.delivery.consumer import each

SERVICE = runner.Service(
    name="rights",
    package=Path(__file__).parent,
    router=router,
    topics=(events.DOCKING,),
    apply=each(consumers.HANDLERS),
    sweep=sweep,
    settings=Settings,
    body_limits={"/payrolls": PAYROLL_BODY_BYTES},
)

if __name__ == "__main__":
    runner.main(SERVICE)
