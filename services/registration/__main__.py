"""`python -m services.registration`."""

from __future__ import annotations

from pathlib import Path

from services.registration import consumers
from services.registration.api import router
from services.registration.settings import IMPORT_BODY_BYTES, RegistrationSettings
from services.registration.usecases.sweeps import sweep
from shared import runner

SERVICE = runner.Service(
    name="registration",
    package=Path(__file__).parent,
    router=router,
    topics=consumers.TOPICS,
    apply=consumers.apply,
    sweep=sweep,
    settings=RegistrationSettings,
    body_limits={"/imports": IMPORT_BODY_BYTES},
)

if __name__ == "__main__":
    runner.main(SERVICE)
