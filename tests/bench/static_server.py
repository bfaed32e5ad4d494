"""The baseline of the public pages: Starlette's static files under the same uvicorn, one file of the same size."""

from __future__ import annotations

import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles


async def readyz(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/readyz", readyz), Mount("/", StaticFiles(directory=os.environ["STATIC_FOLDER"]))])
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["HTTP_PORT"]),
        log_config=None,
        access_log=False,
        loop="uvloop",
        http="httptools",
        ws="none",
    )
