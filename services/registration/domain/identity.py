"""Numbers by which a person is known: the resident identity number, and the programme's own worker number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import mul

from services.registration.domain.errors import BirthDateDiffers, IdNumberCheck, IdNumberForm, SexDiffers, WorkerNumberMistyped
from shared.values import Sex


def check_character(digits: str) -> str:
    """ISO 7064 MOD 11-2 (as GB 11643 uses it): catches every single wrong digit and every swap of neighbours."""
    weighted = sum(map(mul, _weights(len(digits)), map(int, digits)))
    return "0123456789X"[(12 - weighted) % 11]


@cache
def _weights(length: int) -> tuple[int, ...]:
    """Powers of two modulo 11, the last digit's first power last."""
    return tuple(pow(2, length - place, 11) for place in range(length))


# --- worker numbers ---------------------------------------------------------------------------------------------------
# What people write down and read out: W00000001-5, as next_worker_no() of the database gives them.
_WORKER_NO = re.compile(r"W([0-9]{8,18})-([0-9X])", re.ASCII)


def parse_worker_no(text: str) -> str:
    """A worker number in its one spelling. Raises WorkerNumberMistyped."""
    match = _WORKER_NO.fullmatch(text.strip().upper())
    if match is None or check_character(match[1]) != match[2]:
        raise WorkerNumberMistyped(field="worker_no")
    return match[0]


# --- resident identity numbers ----------------------------------------------------------------------------------------
_ID_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """A resident identity number (GB 11643) that is right in itself: form, date, check character.

    The first six digits are where the first document was issued, long ago or under a code of another year: never
    today's county, and no reason to refuse.
    """

    text: str
    birth_date: date
    sex: Sex

    def __repr__(self) -> str:
        return "IdNumber(...)"

    @property
    def county(self) -> str:
        """The code of the county that issued the first document."""
        return self.text[:6]


def parse_id_number(text: str) -> IdNumber:
    """Raises IdNumberForm, IdNumberCheck; neither repeats the number."""
    text = text.strip().upper()
    if not _ID_NUMBER.fullmatch(text):
        raise IdNumberForm(field="id_number")
    try:
        birth_date = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise IdNumberForm(field="id_number") from None
    if check_character(text[:17]) != text[17]:
        raise IdNumberCheck(field="id_number")
    return IdNumber(text, birth_date, Sex.MALE if int(text[16]) % 2 else Sex.FEMALE)


def require_same_person(document: IdNumber, birth_date: date, sex: Sex) -> None:
    """Raises BirthDateDiffers, SexDiffers."""
    if document.birth_date != birth_date:
        raise BirthDateDiffers(field="birth_date")
    if document.sex is not sex:
        raise SexDiffers(field="sex")
