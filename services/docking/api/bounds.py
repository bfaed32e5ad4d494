"""Bounds and role groups that the routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from shared.principals import Role

Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int, Query(ge=0, lt=2**63)]

WORKING = (Role.CLERK, Role.OFFICER, Role.ENTERPRISE)
READING = (*WORKING, Role.AUDITOR)
