"""What the text of a cell means: one rule each for days, months, numbers and amounts, whoever sends the list.

What could mean two things is refused, with a code that says why; it is never guessed.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

from shared.values import LARGEST_AMOUNT, Currency, Period, exponent

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)


class CellRefused(Exception):
    """A cell cannot be what its column takes. `hints` fill the gaps of the code's message."""

    def __init__(self, code: str, *hints: str) -> None:
        super().__init__(code, *hints)
        self.code = code
        self.hints = hints


# --- days and months --------------------------------------------------------------------------------------------------
_TIME = r"(?:[ T]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?)?"  # what spreadsheets add to a day
_DAY = re.compile(rf"([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}}){_TIME}", re.ASCII)
_DAY_DIGITS = re.compile(r"([12][0-9]{3})([0-9]{2})([0-9]{2})", re.ASCII)
_DAY_CHINESE = re.compile(r"([0-9]{4}) *年 *([0-9]{1,2}) *月 *([0-9]{1,2}) *[日号]", re.ASCII)
_SERIAL = re.compile(r"[1-9][0-9]{4}", re.ASCII)  # days since 1899-12-30: 1927 to 2173
_SERIAL_START = date(1899, 12, 30)
_MONTH = re.compile(r"([0-9]{4})(?:[-/.]| *年 *)([0-9]{1,2})(?: *月(?:份)?)?|([12][0-9]{3})([01][0-9])", re.ASCII)
_MONTH_NAMED = re.compile(r"([A-Za-z]{3,9})[ -./]*([0-9]{4}|[0-9]{2})", re.ASCII)  # Mar-19: how an English spreadsheet shows 2019-03
_MONTH_CUT = re.compile(r"[0-9]{4}\.1", re.ASCII)  # October typed as 2019.10 becomes the number 2019.1
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})[-/.]([0-9]{{1,2}})[-/.][0-9]{{4}}{_TIME}", re.ASCII)
_YEAR_SHORT = re.compile(rf"[0-9]{{1,2}}([-/.])[0-9]{{1,2}}\1[0-9]{{1,2}}{_TIME}", re.ASCII)


def read_day(text: str) -> date:
    """1990-03-05, 1990/3/5, 1990.3.5, 19900305, 1990年3月5日, a spreadsheet's day number. Raises CellRefused."""
    if match := _DAY.fullmatch(text):
        return _day(match[1], match[3], match[4])
    if match := _DAY_DIGITS.fullmatch(text) or _DAY_CHINESE.fullmatch(text):
        return _day(match[1], match[2], match[3])
    if _SERIAL.fullmatch(text):
        return _in_range(_SERIAL_START + timedelta(days=int(text)))
    if _YEAR_LAST.fullmatch(text):
        raise CellRefused("DAY_AMBIGUOUS")
    if _YEAR_SHORT.fullmatch(text):
        raise CellRefused("DAY_YEAR_SHORT")
    if _MONTH.fullmatch(text) or _MONTH_NAMED.fullmatch(text):
        raise CellRefused("DAY_WITHOUT_DAY")
    raise CellRefused("DAY_NOT_READABLE")


def _day(year: str, month: str, day: str) -> date:
    try:
        return _in_range(date(int(year), int(month), int(day)))
    except ValueError:
        raise CellRefused("DAY_NOT_IN_CALENDAR") from None


def _in_range(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CellRefused("DAY_OUT_OF_RANGE")
    return day


def read_month(text: str) -> Period:
    """2019-03, 2019/3, 201903, 2019年3月, Mar-19, and a day that is the first of a month: typed months become such. Raises CellRefused."""
    if _MONTH_CUT.fullmatch(text):
        raise CellRefused("MONTH_AMBIGUOUS")
    if match := _MONTH.fullmatch(text):
        return _month(int(match[1] or match[3]), int(match[2] or match[4]))
    if match := _MONTH_NAMED.fullmatch(text):
        name = match[1].lower()
        number = next((place for place, short in enumerate(_MONTHS, start=1) if name.startswith(short)), 0)
        return _month(int(match[2]) + (2000 if len(match[2]) == 2 else 0), number)
    try:
        day = read_day(text)
    except CellRefused:
        raise CellRefused("MONTH_NOT_READABLE") from None
    if day.day != 1:
        raise CellRefused("MONTH_IS_A_DAY")
    return _month(day.year, day.month)


def _month(year: int, month: int) -> Period:
    if not (1900 <= year <= 2199 and 1 <= month <= 12):
        raise CellRefused("MONTH_NOT_READABLE")
    return Period(f"{year:04d}-{month:02d}")


# --- numbers and amounts ----------------------------------------------------------------------------------------------
_NUMBER = re.compile(r"[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?", re.ASCII)
_OTHER_MARKS = re.compile(r"[+-]?[0-9][0-9.,' \u00a0]*", re.ASCII)
_POINT_OR_GROUP = re.compile(r"[+-]?[0-9]{1,3}\.[0-9]{3}", re.ASCII)  # a decimal point, or a group of three as Germans write it
_GROUP = 3  # digits
_LONGEST_NUMBER = 27  # more than a Decimal keeps would be rounded


def read_number(text: str) -> Decimal:
    """Digits with a decimal point; commas only between groups of three: "4,500.50". Raises CellRefused, for a decimal comma too."""
    if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text):
        return Decimal(text.replace(",", ""))
    if "," in text and _OTHER_MARKS.fullmatch(text):
        raise CellRefused("NUMBER_DECIMAL_COMMA")
    raise CellRefused("NUMBER_NOT_READABLE")


def read_amount(text: str, currency: Currency) -> int:
    """Minor units of an amount in major units; decimals beyond the currency's are zeros.

    "1.500" euro could be one and a half or fifteen hundred: it is refused. Raises CellRefused.
    """
    number, digits = read_number(text), exponent(currency)
    if digits < _GROUP and _POINT_OR_GROUP.fullmatch(text):
        raise CellRefused("NUMBER_AMBIGUOUS")
    scaled = number.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise CellRefused("AMOUNT_TOO_PRECISE", str(digits))
    minor = int(scaled)
    if not 0 <= minor <= LARGEST_AMOUNT:
        raise CellRefused("AMOUNT_OUT_OF_RANGE")
    return minor


def read_currency(text: str) -> Currency:
    """ISO 4217 in any case. Raises CellRefused."""
    code = Currency(text.upper())
    try:
        exponent(code)
    except ValueError:
        raise CellRefused("CURRENCY_NOT_KNOWN") from None
    return code
