"""Every parser of bytes from outside."""

from __future__ import annotations

from tests.fuzz import of_documents, of_events, of_requests, of_sheets
from tests.fuzz.parser import Parser

PARSERS: dict[str, Parser] = {
    one.name: one for one in (*of_events.PARSERS, *of_sheets.PARSERS, *of_requests.PARSERS, *of_documents.PARSERS)
}
