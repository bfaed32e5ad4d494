"""Clearances, and the key that their certificates are checked against."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking.api.callers import Anybody, Mediator, Reader
from services.docking.commands import clearances as commands
from services.docking.settings import policy
from services.docking.usecases import clearances
from services.docking.views import placements as views
from shared.listed_rows import RowsRecorded
from shared.signing import PublicKeys, public_keys
from shared.values import PlacementId
from shared.web.papers import PDF, paper_answer

router = APIRouter()


@router.post("/placements/{placement}/clearance", response_model=views.Placement)
async def request_clearance(placement: PlacementId, body: commands.RequestClearance, call: Mediator) -> Response:
    """Granted, waiting or refused: `state` says which, `failed` what is missing."""
    return await call.command(lambda tx: clearances.request_clearance(tx, placement, body))


@router.post("/placements/clearances", response_model=RowsRecorded)
async def request_clearances(body: commands.RequestClearances, call: Mediator) -> Response:
    """Up to 500, decided one after the other; every row is answered for by itself. What was decided is in each placement's `state`."""
    return await call.command(lambda tx: clearances.request_clearances(tx, body))


@router.get("/placements/{placement}/checks")
async def show_checklist(placement: PlacementId, call: Reader) -> views.Checklist:
    """What a clearance would need if it were asked for today: each check, whether it is met, and who must act."""
    return await call.query(lambda tx: clearances.show_checklist(tx, placement))


@router.get("/placements/{placement}/clearance.pdf", response_class=Response, responses=PDF)
async def clearance_paper(placement: PlacementId, call: Reader) -> Response:
    """The certificate on paper, in Chinese and English, with the signed token as a QR code; only while the clearance is in force."""
    return await paper_answer(await call.query(lambda tx: clearances.show_paper(tx, placement)), f"clearance-{placement}.pdf")


@router.get("/public/clearances/{placement}")
async def state_clearance(placement: PlacementId, call: Anybody) -> views.StatedClearance:
    """Whether the clearance of a certificate is in force today: what its signature cannot say. Nothing of the person."""
    return await call.query(lambda tx: clearances.state_clearance(tx, placement))


@router.get("/clearance/keys")
async def show_clearance_keys(call: Anybody) -> PublicKeys:
    """The public key that clearance certificates are checked against, offline."""
    del call  # the key is the same for every caller
    return public_keys(policy().docking_signing_key)
