"""`/verify`: a certificate on paper checked in the browser, with the published keys and, once the page was opened, without a network.

The page, its scripts and the keys are kept by a service worker of their own. Codes in pictures are read by static/qr: the files decode.js
and index.js of the npm package qr 0.7.0 (MIT), unchanged. The console sees no token: it hands out keys, and answers
whether what a token names is still in force.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pycountry
from fastapi import APIRouter, Request, Response
from fastapi import Path as PathPart
from fastapi.responses import FileResponse, JSONResponse

from console.web.backend import Backend
from console.web.pages import language_of, render_for
from shared import reference
from shared.texts import texts
from shared.values import PlacementId

router = APIRouter()

WORKER = Path(__file__).parent / "static" / "verify-worker.js"
KEYS = (("docking", "/clearance/keys"), ("training", "/public/certificate-keys"))
VERDICTS = (  # as verify.js names them, how they look, what they say, and what to do
    ("valid", "done", "Valid", "The signature is genuine, the days are right, and the issuing system says that it is in force."),
    (
        "valid-offline",
        "warn",
        "Signature genuine, days right; withdrawal unknown",
        "Whether it was withdrawn since it was printed cannot be seen without a network. Check again where there is one.",
    ),
    ("early", "warn", "Not valid yet", "The signature is genuine, but the days begin later."),
    ("expired", "problem", "Expired", "The signature is genuine, but the days are over."),
    (
        "withdrawn",
        "problem",
        "Withdrawn",
        "The signature is genuine, but the issuing system says that this certificate is not in force: it was withdrawn, replaced or used.",
    ),
    ("forged", "problem", "Not genuine", "None of the published keys has signed this, or it was altered. Do not accept it."),
    (
        "unreadable",
        "problem",
        "No certificate found",
        "Neither a code nor its characters could be read. Take the picture from straight above, in good light, so that the code fills it.",
    ),
    (
        "camera-refused",
        "warn",
        "This page may not use the camera",
        "Allow it beside the address and try again, or choose a file, or type the characters printed beside the code.",
    ),
    ("no-camera", "warn", "There is no camera that can be used", "Choose a file, or type the characters printed beside the code."),
    ("no-keys", "warn", "The published keys are not here", "Open this page once with a network: it keeps them."),
    ("no-crypto", "warn", "This browser cannot check signatures", "It needs https and Ed25519. Use a newer browser, or laowu verify."),
)
FACTS = (
    ("placement", "Placement number"),
    ("serial", "Certificate number"),
    ("worker", "Worker"),
    ("destination", "For work in"),
    ("occupation", "Occupation (ISCO-08)"),
    ("hours", "Hours"),
    ("from", "Valid from"),
    ("until", "Valid until"),
    ("stated", "Stated on"),
)
Serial = Annotated[str, PathPart(pattern=r"^TC[0-9]{12}$")]


@router.get("/verify")
async def verify_page(request: Request) -> Response:
    """The same for everybody: nobody logs in at a border."""
    text = texts(language_of(request))
    names = {
        "countries": {one.alpha_3: text.country(one.alpha_3) for one in pycountry.countries},
        "occupations": {code: text.occupation(code) for code in reference.occupations()},
    }
    return render_for(request, "verify.html", names=names, verdicts=VERDICTS, facts=FACTS, played=await _played_day(request))


@router.get("/verify/worker.js")
async def worker() -> Response:
    """Served from here, and not from /static, so that it may serve /verify."""
    headers = {"service-worker-allowed": "/verify", "cache-control": "no-cache"}
    return FileResponse(WORKER, media_type="text/javascript", headers=headers)


@router.get("/verify/keys")
async def keys(request: Request) -> Response:
    """The published keys of both services, as one JWKS."""
    found = [key for service, path in KEYS for key in (await (await _backend(request)).get(service, path))["keys"]]
    return JSONResponse({"keys": found}, headers={"cache-control": "no-cache"})


@router.get("/verify/clearances/{placement}")
async def state_clearance(placement: PlacementId, request: Request) -> Response:
    return _fresh(await (await _backend(request)).get("docking", "/public/clearances/{placement}", placement=placement))


@router.get("/verify/certificates/{serial}")
async def state_certificate(serial: Serial, request: Request) -> Response:
    return _fresh(await (await _backend(request)).get("training", "/public/certificates/{serial}", serial=serial))


def _fresh(answer: Any) -> Response:
    return JSONResponse(answer, headers={"cache-control": "no-store"})


async def _backend(request: Request) -> Backend:
    """Without a token: what is asked for is open to everybody."""
    backend: Backend = request.app.state.backend
    day = await _played_day(request)
    return replace(backend, day=day.isoformat()) if day else backend


async def _played_day(request: Request) -> date | None:
    """The day it is in a simulation; None: today."""
    day: date | None = await request.app.state.newest_day()
    return day
