"""Courses."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.training import commands
from services.training.api.callers import Centre, Reader
from services.training.usecases import courses
from services.training.views.courses import Course, Courses
from shared.values import CourseId, DestinationField
from shared.web.parameters import Limit

router = APIRouter()


@router.post("/courses", status_code=201, response_model=Course)
async def publish_course(body: commands.PublishCourse, call: Centre) -> Response:
    return await call.command(lambda tx: courses.publish_course(tx, body), status=201)


@router.get("/courses")
async def list_courses(
    call: Reader, destination: DestinationField | None = None, after: CourseId | None = None, limit: Limit = 50
) -> Courses:
    return await call.query(lambda tx: courses.list_courses(tx, destination, after, limit))
