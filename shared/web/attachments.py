"""Files as answers."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from shared.sheets.files import Kind

XLSX: dict[int | str, dict[str, Any]] = {200: {"content": {Kind.XLSX.value: {"schema": {"type": "string", "format": "binary"}}}}}
ANNOTATED = XLSX  # of a route that answers with a document or, when asked, with the annotated sheet

# Of a route that answers with an empty list to fill in.
TEMPLATE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind.value: {"schema": {"type": "string", "format": "binary"}} for kind in Kind}}
}


def attachment(content: bytes, kind: Kind, name: str) -> Response:
    """Not to be kept by anything between: a list names people."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=kind.value, headers=headers)
