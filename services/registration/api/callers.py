"""Whom the routes serve."""

from __future__ import annotations

from typing import Annotated

from shared.principals import Role
from shared.web.call import Call, allow

# A number says nothing about the person.
NUMBER_READERS = (Role.CLERK, Role.OFFICER, Role.AUDITOR, Role.OPERATOR, Role.ENTERPRISE, Role.TRAINER, Role.ASSESSOR)

Writer = Annotated[Call, allow(Role.CLERK, Role.OFFICER)]
Reader = Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.AUDITOR)]
NumberReader = Annotated[Call, allow(*NUMBER_READERS)]
Officer = Annotated[Call, allow(Role.OFFICER)]
Clerk = Annotated[Call, allow(Role.CLERK)]
Auditor = Annotated[Call, allow(Role.AUDITOR)]
