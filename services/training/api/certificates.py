"""Certificates."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.training import commands
from services.training.api.callers import Anybody, Centre, Holder, Public
from services.training.domain.certificates import Serial
from services.training.settings import policy
from services.training.usecases import certificates
from services.training.views.certificates import Certificate, CertificateShown, Stated
from shared.signing import PublicKeys, public_keys
from shared.web.papers import PDF, paper_answer

router = APIRouter()

SerialField = Annotated[Serial, Path(pattern=r"^TC[0-9]{12}$")]


@router.get("/public/certificate-keys")
async def show_certificate_keys(call: Public) -> PublicKeys:
    """The public key that statements about certificates are checked against, offline."""
    del call  # the key is the same for every caller
    return public_keys(policy().training_signing_key)


@router.get("/public/certificates/{serial}")
async def state_certificate(serial: SerialField, call: Public) -> Stated:
    """W1: whether a certificate is valid today, signed: whoever is shown it can check it and keep the answer."""
    return await call.query(lambda tx: certificates.state_certificate(tx, serial))


@router.get("/certificates/{serial}.pdf", response_class=Response, responses=PDF)
async def certificate_paper(serial: SerialField, call: Holder) -> Response:
    """The certificate on paper, in Chinese and English, with a signed statement of today as a QR code; only while it is valid."""
    return await paper_answer(await call.query(lambda tx: certificates.show_paper(tx, serial)), f"{serial}.pdf")


@router.get("/certificates/{serial}")
async def show_certificate(serial: SerialField, call: Anybody) -> CertificateShown:
    return await call.query(lambda tx: certificates.show_certificate(tx, serial))


@router.post("/certificates/{serial}/revocation", response_model=Certificate)
async def revoke_certificate(serial: SerialField, body: commands.RevokeCertificate, call: Centre) -> Response:
    return await call.command(lambda tx: certificates.revoke_certificate(tx, serial, body))
