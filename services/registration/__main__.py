"""`python -m services.registration`"""

from __future__ import annotations

from pathlib import Path

from services.registration import consumers
from services.registration.api import router
from services.registration.settings import IMPORT_BODY_BYTES, Settings
from services.registration.usecases.willingness import sweep
from shared import events, runner
from shared.delivery.consumer import each

SERVICE = runner.Service(
    name="registration",
    package=Path(__file__).parent,
    router=router,
    topics=(events.DOCKING,),
    apply=each(consumers.HANDLERS),
    sweep=sweep,
    settings=Settings,
    body_limits={"/imports": IMPORT_BODY_BYTES},
)

if __name__ == "__main__":
    runner.main(SERVICE)
