"""Papers to print, as the services draw them: handed on with the visitor's own token."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from console.web.backend import ServiceRefused
from console.web.pages import Visitor, only
from shared.principals import Role

FIGURES = (Role.OFFICER, Role.OPERATOR, Role.AUDITOR)
router = APIRouter()


@router.get("/papers/clearance/{placement}")
async def clearance(placement: str, who: Annotated[Visitor, only(Role.CLERK, Role.OFFICER, Role.AUDITOR, Role.ENTERPRISE)]) -> Response:
    """The clearance certificate, with the token that an officer at the border checks as a QR code."""
    return await _paper(who, "docking", "/placements/{placement}/clearance.pdf", f"clearance-{placement}", placement=placement)


@router.get("/papers/releases/{period}/pdf")
async def release(period: str, who: Annotated[Visitor, only(*FIGURES)]) -> Response:
    """A closed year or month as the ministry publishes it."""
    return await _paper(who, "stats", "/releases/{period}.pdf", f"release-{period}", language=who.text.language, period=period)


@router.get("/papers/releases/{period}/xlsx")
async def release_workbook(period: str, who: Annotated[Visitor, only(*FIGURES)]) -> Response:
    """The same as a workbook, a sheet for each table."""
    return await _paper(who, "stats", "/releases/{period}.xlsx", f"release-{period}", "xlsx", language=who.text.language, period=period)


async def _paper(
    who: Visitor, service: str, route: str, name: str, form: str = "pdf", *, language: str | None = None, **parts: str
) -> Response:
    """Raises ServiceRefused."""
    answer = await who.backend.ask("GET", service, route, {"language": language}, **parts)
    if not answer.ok or not isinstance(answer.body, bytes):
        raise ServiceRefused(answer)
    quiet = "".join(one for one in name if one.isalnum() or one in "-_")
    headers = {"Content-Disposition": f'inline; filename="{quiet}.{form}"', "Cache-Control": "no-store"}
    return Response(answer.body, media_type=answer.content_type, headers=headers)
