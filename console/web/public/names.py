"""Names for the codes of the public tables."""

from __future__ import annotations

from shared import reference
from shared.texts import Texts


def name_of(text: Texts, kind: str, code: str) -> str:
    """`kind`: a dimension of the public view, or a field of a register."""
    if kind == "destination":
        return text.country(code)
    if kind in {"province", "seat"}:
        return text.place(code) if code in reference.provinces() or code in reference.counties() else text("Not classified")
    if kind == "occupation":
        return text.occupation(code)
    if kind == "age_band":
        return code.replace("-", "–")
    return text.value(kind, code)


def dimension(text: Texts, by: str) -> str:
    """The name of a dimension; a code that this build does not know stays itself."""
    known = {
        "province": text("Province"),
        "destination": text("Destination"),
        "channel": text("Channel"),
        "sex": text("Sex"),
        "age_band": text("Age"),
    }
    return known.get(by, by)
