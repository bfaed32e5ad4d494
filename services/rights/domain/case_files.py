"""What a case consists of beside its steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.values import Money

EvidenceKind = Literal["contract", "payslip", "bank_statement", "photo", "recording", "medical", "testimony", "official"]
Provider = Literal["worker", "family", "enterprise", "authority", "embassy"]
Position = Literal["admits", "partly", "denies"]
StatementKind = Literal["answer", "request", "response", "offer"]
Offerer = Literal["enterprise", "employer", "insurance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A document that stays with whoever holds it: its SHA-256 in hexadecimal, what it is, and who provided it."""

    digest: str
    kind: EvidenceKind
    provided_by: Provider
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What was answered to the complainant, asked of the enterprise, responded or offered by it."""

    kind: StatementKind
    text: str
    amount: Money | None = None
    recorded_at: datetime
