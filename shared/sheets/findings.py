"""What is found in a list, and what to do about it: a code for programs, a message in Chinese and English for people.

The messages are data: messages.csv here for what any list may hold, one of each service's own for its rules.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

Severity = Literal["error", "warning"]  # an error keeps its row out, a warning does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with a cell, or worth a look. The value is one that may be shown and kept: masked, or of no person."""

    row: int  # as the spreadsheet numbers it
    column: str
    code: str
    severity: Severity = "error"
    value: str | None
    hints: tuple[str, ...] = ()  # what could be meant, for the code's message


class Message(BaseModel, frozen=True):
    """What to do, in both languages."""

    zh: str
    en: str


class ShownFinding(BaseModel, frozen=True):
    """`row` as the spreadsheet numbers it. `hints`: what could be meant."""

    row: int
    column: str
    code: str
    severity: Severity
    value: str | None
    hints: tuple[str, ...]
    message: Message


Messages = Mapping[str, Message]  # by code
_SHARED = Path(__file__).parent / "messages.csv"
_OTHERWISE = Message(
    zh="此处有误,请核对后重新填写", en="this is not right: compare it with the document and enter it again"
)  # codes of earlier versions


def read_messages(*more: Path) -> dict[str, Message]:
    """The shared messages, and those of a service."""
    found = {}
    for path in (_SHARED, *more):
        with path.open(encoding="utf-8", newline="") as file:
            found.update({row["code"]: Message(zh=row["zh"], en=row["en"]) for row in csv.DictReader(file)})
    return found


def message_of(finding: Finding, messages: Messages) -> Message:
    message = messages.get(finding.code, _OTHERWISE)
    if "{hints}" not in message.zh:
        return message
    return Message(zh=message.zh.replace("{hints}", "、".join(finding.hints)), en=message.en.replace("{hints}", ", ".join(finding.hints)))


def shown(finding: Finding, messages: Messages) -> ShownFinding:
    return ShownFinding(
        row=finding.row,
        column=finding.column,
        code=finding.code,
        severity=finding.severity,
        value=finding.value,
        hints=finding.hints,
        message=message_of(finding, messages),
    )
