"""A paper as a camera or a scanner has it: grey pixels, as a PNG file and as a film for a browser's pretended camera."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pypdfium2
import zxingcpp

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
FILM = (1280, 720)  # width, height


def page_of(paper: bytes, dpi: int) -> Pixels:
    """The first page of a PDF."""
    document = pypdfium2.PdfDocument(paper)
    try:
        pixels: Pixels = document[0].render(scale=dpi / 72, grayscale=True).to_numpy()
        return pixels
    finally:
        document.close()


def code_on(page: Pixels) -> Pixels:
    """The QR code of a page with the quiet zone about it."""
    place = zxingcpp.read_barcodes(page)[0].position
    margin = (place.top_right.x - place.top_left.x) // 8
    top, left = place.top_left.y - margin, place.top_left.x - margin
    return page[top : place.bottom_right.y + margin, left : place.bottom_right.x + margin]


def png(pixels: Pixels) -> bytes:
    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def film(pixels: Pixels, frames: int = 4) -> bytes:
    """YUV4MPEG2, with the picture in the middle of a grey table."""
    width, height = FILM
    frame = np.full((height, width), 150, dtype=np.uint8)
    pixels = pixels[:height, :width]
    top, left = (height - pixels.shape[0]) // 2, (width - pixels.shape[1]) // 2
    frame[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    colourless = bytes([128]) * (width * height // 2)
    return f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode() + (b"FRAME\n" + frame.tobytes() + colourless) * frames
