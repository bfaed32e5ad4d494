"""A paper as its reader has it: text, what its QR code says, what it says of itself."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pypdfium2
import zxingcpp
from pypdf import PdfReader

PRINTED_DPI = 200  # what an office printer and a cheap scanner leave of a page


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """`codes`: what a camera reads off the printed pages."""

    text: str
    codes: list[str]
    metadata: str
    tagged: bool
    fonts: set[str]
    keywords: str
    pages: int

    def shows(self, text: str) -> bool:
        """Whatever the line breaks, and the air that is set between Chinese characters and digits."""
        return "".join(text.split()) in "".join(self.text.split())


def read_paper(content: bytes) -> ReadPaper:
    reader = PdfReader(io.BytesIO(content))
    root: Any = reader.trailer["/Root"]
    metadata, information = reader.xmp_metadata, reader.metadata
    return ReadPaper(
        text="\n".join(page.extract_text() for page in reader.pages),
        codes=[code.text for page in _pictures(content) for code in zxingcpp.read_barcodes(page)],
        metadata=metadata.stream.get_data().decode() if metadata else "",
        tagged=bool(root["/MarkInfo"]["/Marked"]),
        fonts={str(font.get_object()["/BaseFont"]) for page in reader.pages for font in _resources(page)["/Font"].values()},
        keywords=str(information.get("/Keywords", "")) if information else "",
        pages=len(reader.pages),
    )


def _resources(page: Any) -> Any:
    return page["/Resources"]


def _pictures(content: bytes) -> list[object]:
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.render(scale=PRINTED_DPI / 72, grayscale=True).to_numpy() for page in document]
    finally:
        document.close()
