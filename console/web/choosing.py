"""What a field suggests while somebody types: places, countries, occupations and ports by name, pinyin or code; enterprises by name."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from console.web import choices, enterprises
from console.web.pages import AnyVisitor

router = APIRouter()


@router.get("/choices/{kind}")
async def suggest(
    who: AnyVisitor,
    kind: Literal["county", "region", "country", "occupation", "port", "enterprise"],
    q: Annotated[str, Query(max_length=choices.LONGEST)] = "",
) -> JSONResponse:
    if kind == enterprises.KIND:
        return JSONResponse([one._asdict() for one in await enterprises.suggest(who, q)])
    return JSONResponse([{"code": one.code, "label": one.label} for one in choices.suggest(kind, q, who.text)])
