"""Certificates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.training import commands
from services.training.api.callers import Anybody, Centre
from services.training.domain.certificates import Serial
from services.training.usecases import certificates
from services.training.views.certificates import Certificate

router = APIRouter()

SerialField = Annotated[Serial, Path(pattern=r"^TC[0-9]{12}$")]


@router.get("/certificates/{serial}")
async def show_certificate(serial: SerialField, call: Anybody) -> Certificate:
    return await call.query(lambda tx: certificates.show_certificate(tx, serial))


@router.post("/certificates/{serial}/revocation", response_model=Certificate)
async def revoke_certificate(serial: SerialField, body: commands.RevokeCertificate, call: Centre) -> Response:
    return await call.command(lambda tx: certificates.revoke_certificate(tx, serial, body))
