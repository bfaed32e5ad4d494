"""Time of training: services keep minutes, people read and type hours of 60 minutes (学时)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

IN_MINUTES = frozenset({"minutes", "minutes_total", "minimum_minutes", "credited"})  # fields of the services


def hours(minutes: int) -> str:
    """480 is 8, 450 is 7.5, 445 is 7:25."""
    if minutes % 60 == 0:
        return str(minutes // 60)
    return f"{minutes / 60:g}" if minutes % 6 == 0 else f"{minutes // 60}:{minutes % 60:02d}"


def minutes_of(typed: str) -> int | str:
    """Of hours as they are typed; what is typed, where it is no number of minutes."""
    whole, colon, rest = typed.replace("：", ":").partition(":")
    if colon:
        return int(whole or 0) * 60 + int(rest) if (whole or "0").isdecimal() and rest.isdecimal() and int(rest) < 60 else typed
    try:
        minutes = Decimal(typed.replace(",", ".").replace("，", ".")) * 60
    except InvalidOperation:
        return typed
    return int(minutes) if minutes.is_finite() and minutes == minutes.to_integral_value() and abs(minutes) < 100_000 else typed
