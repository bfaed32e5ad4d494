"""Worker lists of a county: checked, entered, and what was found in each."""

from __future__ import annotations

from fastapi import APIRouter, Response

from console.web.pages import Visitor, only, render
from console.web.uploading import ROWS, UploadScreen, body_limits, upload_router
from shared.principals import Role

WRITERS = frozenset({Role.CLERK, Role.OFFICER})
UPLOADS = (
    UploadScreen(
        path="/imports",
        title="Import a worker list",
        group="Registration",
        service="registration",
        route="/imports",
        roles=WRITERS,
        most=32 * 1024 * 1024,
        note="Check a list first: nothing is entered, and every wrong row is named. Then enter it: the rows that are right become workers.",
        runs=True,
        run="/imports/{import_id}",
    ),
)
BODY_LIMITS = body_limits(*UPLOADS)
router = APIRouter()
router.include_router(upload_router(*UPLOADS))
READING = only(Role.CLERK, Role.OFFICER, Role.AUDITOR)


@router.get("/imports/{import_id}")
async def import_page(import_id: str, who: Visitor = READING) -> Response:
    """One list, with what was found in it, a page at a time."""
    query = {"after": who.request.query_params.get("after"), "limit": 200}
    found = await who.backend.get("registration", "/imports/{import_id}", query, import_id=import_id)
    return render(who, "import.html", found=found, words=ROWS)
