"""What to do about what is found in a payroll, in both languages."""

from __future__ import annotations

from pathlib import Path

from shared.sheets.findings import read_messages

MESSAGES = read_messages(Path(__file__).parent / "messages.csv")
