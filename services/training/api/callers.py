"""Who may call: the groups of roles that routes let pass."""

from __future__ import annotations

from typing import Annotated

from shared.principals import Role
from shared.web.call import Call, allow, allow_anybody

READERS = (Role.TRAINER, Role.ASSESSOR, Role.CLERK, Role.OFFICER, Role.AUDITOR)

Centre = Annotated[Call, allow(Role.TRAINER, Role.OFFICER)]
Enroller = Annotated[Call, allow(Role.TRAINER, Role.OFFICER, Role.CLERK)]
Assessor = Annotated[Call, allow(Role.ASSESSOR, Role.OFFICER)]
Officer = Annotated[Call, allow(Role.OFFICER)]
Reader = Annotated[Call, allow(*READERS)]
Holder = Annotated[Call, allow(Role.TRAINER, Role.CLERK, Role.OFFICER, Role.AUDITOR)]  # of the papers that a worker is handed
Overseer = Annotated[Call, allow(Role.OFFICER, Role.AUDITOR)]
Public = Annotated[Call, allow_anybody()]
Anybody = Annotated[Call, allow(*READERS, Role.ENTERPRISE, Role.OPERATOR)]
