"""Courses."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.training import commands
from services.training.api.callers import Centre, Reader
from services.training.usecases import courses
from services.training.views.courses import Course, Courses
from shared.paging import Page
from shared.values import DestinationField, Line, OccupationField
from shared.web.parameters import paged

router = APIRouter()


@router.post("/courses", status_code=201, response_model=Course)
async def publish_course(body: commands.PublishCourse, call: Centre) -> Response:
    return await call.command(lambda tx: courses.publish_course(tx, body), status=201)


@router.get("/courses")
async def list_courses(
    call: Reader,
    page: Annotated[Page, paged("centre", "destination", "occupation")],
    *,
    destination: DestinationField | None = None,
    occupation: OccupationField | None = None,
    centre: Annotated[Line | None, Query(description="only of this training centre")] = None,
) -> Courses:
    return await call.query(lambda tx: courses.list_courses(tx, page, destination, occupation, centre))
