"""Papers as answers."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from shared.papers.drawing import draw
from shared.papers.parts import Paper

Language = Annotated[Literal["zh", "en", "ja"], Query(description="of the paper")]
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}}


async def paper_answer(paper: Paper, name: str) -> Response:
    """Drawn while the service goes on. Kept by nothing between: a paper may have a worker's number."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(await asyncio.to_thread(draw, paper), media_type="application/pdf", headers=headers)
