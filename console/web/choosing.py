"""What a field suggests while somebody types: counties, countries, occupations and ports by name, pinyin, initials or code."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from console.web import choices
from console.web.pages import AnyVisitor

router = APIRouter()


@router.get("/choices/{kind}")
async def suggest(
    who: AnyVisitor,
    kind: Literal["county", "region", "country", "occupation", "port"],
    q: Annotated[str, Query(max_length=choices.LONGEST)] = "",
) -> JSONResponse:
    return JSONResponse([{"code": one.code, "label": one.label} for one in choices.suggest(kind, q, who.text)])
