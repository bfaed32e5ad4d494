"""Query parameters that routes of several services take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=200, description="rows of a page")]
AfterNumber = Annotated[int, Query(ge=0, lt=2**63, description="`next` of the page before; 0: from the beginning")]
