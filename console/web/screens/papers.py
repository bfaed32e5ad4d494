"""Papers to print, as the services draw them: handed on with the visitor's own token."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from console.web.pages import Visitor, handed_on, only
from shared.principals import Role

FIGURES = (Role.OFFICER, Role.OPERATOR, Role.AUDITOR)
router = APIRouter()


@router.get("/papers/clearance/{placement}")
async def clearance(placement: str, who: Annotated[Visitor, only(Role.CLERK, Role.OFFICER, Role.AUDITOR, Role.ENTERPRISE)]) -> Response:
    """The clearance certificate, with the token that an officer at the border checks as a QR code."""
    answer = await who.backend.ask("GET", "docking", "/placements/{placement}/clearance.pdf", placement=placement)
    return handed_on(answer, f"clearance-{placement}.pdf")


@router.get("/papers/releases/{period}/pdf")
async def release(period: str, who: Annotated[Visitor, only(*FIGURES)]) -> Response:
    """A closed year or month as the ministry publishes it."""
    answer = await who.backend.ask("GET", "stats", "/releases/{period}.pdf", {"language": who.text.language}, period=period)
    return handed_on(answer, f"release-{period}.pdf")


@router.get("/papers/releases/{period}/xlsx")
async def release_workbook(period: str, who: Annotated[Visitor, only(*FIGURES)]) -> Response:
    """The same as a workbook, a sheet for each table."""
    answer = await who.backend.ask("GET", "stats", "/releases/{period}.xlsx", {"language": who.text.language}, period=period)
    return handed_on(answer, f"release-{period}.xlsx")
