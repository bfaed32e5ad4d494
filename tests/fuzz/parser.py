"""What is fuzzed: a function that parses bytes from outside, real inputs of it, and the errors by which it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


class Refusal(Exception):
    """Of a parser that answers with a value, not with an error, that the input is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """`share`: how many of a thousand inputs are its own. Anything else than `refuses` that `read` raises is a finding."""

    name: str
    samples: Callable[[], Sequence[bytes]]
    read: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...] = (Refusal,)
    share: int


def as_text(given: bytes) -> str:
    """As text comes out of JSON, of a header or of a command line: never a lone surrogate."""
    return given.decode(errors="replace")
