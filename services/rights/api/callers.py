"""Who may call: the groups of roles that routes let pass."""

from __future__ import annotations

from typing import Annotated

from shared.principals import Role
from shared.web.call import Call, allow

Reporter = Annotated[Call, allow(Role.ENTERPRISE, Role.CLERK, Role.OFFICER)]
Officer = Annotated[Call, allow(Role.OFFICER)]
Clerk = Annotated[Call, allow(Role.CLERK, Role.OFFICER)]
Reader = Annotated[Call, allow(Role.ENTERPRISE, Role.CLERK, Role.OFFICER, Role.AUDITOR)]
Overseer = Annotated[Call, allow(Role.OFFICER, Role.AUDITOR)]
EnterpriseOrOverseer = Annotated[Call, allow(Role.ENTERPRISE, Role.OFFICER, Role.AUDITOR)]
Anybody = Annotated[Call, allow(Role.PUBLIC, Role.ENTERPRISE, Role.CLERK, Role.OFFICER, Role.AUDITOR)]
