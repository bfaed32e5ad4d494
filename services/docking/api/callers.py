"""Which roles may call: groups that several routes name."""

from __future__ import annotations

from typing import Annotated

from shared.principals import Role
from shared.web.call import Call, allow, allow_anybody

_MEDIATORS = (Role.CLERK, Role.OFFICER, Role.ENTERPRISE)
REGISTER_READERS = (*_MEDIATORS, Role.AUDITOR, Role.OPERATOR, Role.TRAINER, Role.ASSESSOR)  # of everything about an enterprise

Officer = Annotated[Call, allow(Role.OFFICER)]
Clerk = Annotated[Call, allow(Role.CLERK, Role.OFFICER)]
EnterpriseOrOfficer = Annotated[Call, allow(Role.ENTERPRISE, Role.OFFICER)]
Mediator = Annotated[Call, allow(*_MEDIATORS)]  # brings workers and orders together
Reader = Annotated[Call, allow(*_MEDIATORS, Role.AUDITOR)]
Anybody = Annotated[Call, allow_anybody()]
RegisterReader = Annotated[Call, allow(*REGISTER_READERS)]
