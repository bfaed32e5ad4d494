"""The OpenAPI document of every service, as committed: `python -m tests.contracts.openapi` writes tests/contracts/openapi/*.json."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI

from console.local.home import SERVICES
from shared.web import app as web
from shared.web import notifications, operations
from tests.support.http import service_of

FOLDER = Path(__file__).parent / "openapi"


def file(service: str) -> Path:
    return FOLDER / f"{service}.json"


def text(service: str) -> str:
    """The document of the present code."""
    app = FastAPI(title=f"Laowu {service}", version="1", redoc_url=None)
    for router in (service_of(service).router, notifications.router, operations.router):
        assert isinstance(router, APIRouter)
        app.include_router(router)
    return web.openapi_json(app)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in SERVICES:
        file(name).write_text(text(name), encoding="utf-8")
