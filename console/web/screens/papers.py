"""Papers to print, as the services draw them: handed on with the visitor's own token."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from console.web.backend import ServiceRefused
from console.web.pages import Visitor, only
from shared.principals import Role

router = APIRouter()


@router.get("/papers/clearance/{placement}")
async def clearance(placement: str, who: Annotated[Visitor, only(Role.CLERK, Role.OFFICER, Role.AUDITOR, Role.ENTERPRISE)]) -> Response:
    """The clearance certificate, with the token that an officer at the border checks as a QR code."""
    return await _paper(who, "docking", "/placements/{placement}/clearance.pdf", f"clearance-{placement}", placement=placement)


async def _paper(who: Visitor, service: str, route: str, name: str, **parts: str) -> Response:
    """Raises ServiceRefused."""
    answer = await who.backend.ask("GET", service, route, {"language": who.text.language}, **parts)
    if not answer.ok or not isinstance(answer.body, bytes):
        raise ServiceRefused(answer)
    quiet = "".join(one for one in name if one.isalnum() or one in "-_")
    headers = {"Content-Disposition": f'inline; filename="{quiet}.pdf"', "Cache-Control": "no-store"}
    return Response(answer.body, media_type="application/pdf", headers=headers)
