"""Prior learning."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.training import commands
from services.training.api.callers import Enroller, Officer, Overseer
from services.training.domain.recognitions import RecognitionState
from services.training.usecases import recognitions
from services.training.views.recognitions import Recognition, Recognitions
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import RecognitionId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/recognitions", status_code=201, response_model=Recognition)
async def ask_recognition(body: commands.AskRecognition, call: Enroller) -> Response:
    return await call.command(lambda tx: recognitions.ask_recognition(tx, body), status=201)


@router.post("/recognitions/{recognition}/approval", response_model=Recognition)
async def recognise_prior_learning(recognition: RecognitionId, body: commands.Recognise, call: Officer) -> Response:
    return await call.command(lambda tx: recognitions.recognise_prior_learning(tx, recognition, body))


@router.post("/recognitions/{recognition}/refusal", response_model=Recognition)
async def refuse_prior_learning(recognition: RecognitionId, body: commands.RefuseRecognition, call: Officer) -> Response:
    return await call.command(lambda tx: recognitions.refuse_prior_learning(tx, recognition, body))


@router.get("/recognitions")
async def list_recognitions(
    call: Overseer,
    page: Annotated[Page, paged("requested_at")],
    *,
    state: RecognitionState = RecognitionState.PENDING,
) -> Recognitions:
    return await call.query(lambda tx: recognitions.list_recognitions(tx, page, state))


@router.get("/recognitions/{recognition}/history")
async def recognition_history(recognition: RecognitionId, call: Overseer, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: recognitions.recognition_history(tx, recognition, after, limit))
