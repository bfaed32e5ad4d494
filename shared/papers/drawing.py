"""Draws a paper as PDF: archivable (PDF/A-2a), tagged for screen readers (PDF/UA-1), its font embedded, the same bytes each time.

Typst sets the type: it takes 20 ms, holds no lock of the interpreter meanwhile, and `Compiler` keeps the font in memory (80 MB from the
first paper on).
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import segno
import typst

from shared.papers.characters import drawable
from shared.papers.parts import Blanks, Fields, Lines, Paper, Part, Table, Token

TEMPLATE = Path(__file__).with_name("paper.typ")
FONTS = {"zh": "Noto Sans CJK SC", "en": "Noto Sans CJK SC", "ja": "Noto Sans CJK JP"}
STANDARDS: list[Any] = ["a-2a", "ua-1"]
_KINDS = {Fields: "fields", Table: "table", Token: "token", Blanks: "blanks", Lines: "lines"}
_one_at_a_time = threading.Lock()


def draw(paper: Paper) -> bytes:
    """The PDF. Takes its time: call it outside a transaction, in a thread."""
    with _one_at_a_time:
        document = _compiler().compile(
            input=TEMPLATE.read_bytes(), format="pdf", sys_inputs={"paper": _as_json(paper)}, pdf_standards=STANDARDS, timestamp=0
        )
    if not isinstance(document, bytes):
        raise TypeError("a paper is one document")
    return document


@cache
def _compiler() -> typst.Compiler:
    package = find_spec("manimgx_fonts_cjk")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("manimgx-fonts-cjk")
    folder = str(Path(package.origin).parent)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True)


def _as_json(paper: Paper) -> str:
    """What paper.typ reads. Every text of it is drawable."""
    document = {
        "title": paper.title,
        "subtitle": paper.subtitle,
        "overline": paper.overline,
        "footer": paper.footer,
        "keywords": paper.keywords,
        "day": (paper.day.year, paper.day.month, paper.day.day),
        "font": FONTS[paper.language],
        "language": paper.language,
        "landscape": paper.landscape,
        "parts": [_part(part) for part in paper.parts],
    }
    return json.dumps(_drawable(document), ensure_ascii=False)


def _part(part: Part) -> dict[str, Any]:
    shown = {"kind": _KINDS[type(part)], **asdict(part)}
    if isinstance(part, Table):
        shown["head"] = 2 if part.groups else 1
    if isinstance(part, Token):
        shown["svg"] = qr_code(part.token)
        shown["token"] = grouped(part.token)
    return shown


def _drawable(value: Any) -> Any:
    if isinstance(value, str):
        return drawable(value)
    if isinstance(value, dict):
        return {key: item if key == "svg" else _drawable(item) for key, item in value.items()}
    return [_drawable(item) for item in value] if isinstance(value, list | tuple) else value


def qr_code(token: str) -> str:
    """SVG, error correction M: up to 15 % of it may be smudged. At 46 mm a token of 700 characters has modules of 0.45 mm."""
    return segno.make_qr(token, error="m", boost_error=False).svg_inline(border=4, omitsize=True)


def grouped(token: str, size: int = 8) -> str:
    return " ".join(token[start : start + size] for start in range(0, len(token), size))
