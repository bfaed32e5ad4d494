"""The OpenAPI document of every service, as committed: `python -m tests.contracts.openapi` writes tests/contracts/openapi/*.json.

And before it shared/web/problem_codes/*.json: with which codes each operation can be refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from console.services import SERVICES
from shared.web.app import documented_app
from shared.web.openapi import openapi_json
from tests.contracts import problem_codes
from tests.support.http import service_of

FOLDER = Path(__file__).parent / "openapi"


def file(service: str) -> Path:
    return FOLDER / f"{service}.json"


def document(service: str) -> dict[str, Any]:
    """The committed document, read."""
    read: dict[str, Any] = json.loads(file(service).read_text(encoding="utf-8"))
    return read


def text(service: str) -> str:
    """The document of the present code."""
    return openapi_json(documented_app(service, service_of(service).router))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in SERVICES:
        problem_codes.write(name)
        file(name).write_text(text(name), encoding="utf-8")
