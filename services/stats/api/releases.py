"""Releases of closed periods: as JSON, as a workbook, on paper."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from services.stats.api.parameters import ClosedPeriod, Reader
from services.stats.usecases import releases
from services.stats.views.release_papers import release_paper
from services.stats.views.release_workbooks import release_workbook
from services.stats.views.releases import Release
from shared.sheets.files import Kind
from shared.texts import texts
from shared.web.attachments import XLSX, attachment
from shared.web.papers import PDF, Language, paper_answer

router = APIRouter()


@router.get("/releases/{period}.xlsx", response_class=Response, responses=XLSX)
async def release_as_workbook(period: ClosedPeriod, call: Reader, language: Language = "zh") -> Response:
    """The release as a workbook, a sheet per table: numbers as numbers, names as text."""
    found = await call.query(lambda tx: releases.show_release(tx, period))
    content = await asyncio.to_thread(release_workbook, found, texts(language))
    return attachment(content, Kind.XLSX, f"release-{period}-{language}.xlsx")


@router.get("/releases/{period}.pdf", response_class=Response, responses=PDF)
async def release_on_paper(period: ClosedPeriod, call: Reader, language: Language = "zh") -> Response:
    """The release as the ministry prints it."""
    found = await call.query(lambda tx: releases.show_release(tx, period))
    return await paper_answer(release_paper(found, texts(language)), f"release-{period}-{language}.pdf")


@router.get("/releases/{period}")
async def show_release(period: ClosedPeriod, call: Reader) -> Release:
    """A closed year or month in its published form: by channel, province, destination and occupation, with the change on a year before."""
    return await call.query(lambda tx: releases.show_release(tx, period))
