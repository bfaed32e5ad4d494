"""The number that a worker, an order or a placement had in the system before this one: an alias, by which it is found.

A system is named by a short word of the ministry's own choice, such as `mis-2009`; within it a number belongs to one record of a kind.
Such numbers stay in the service that keeps the record: no event holds one, since nobody here decides what they were made of.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from shared.errors import Conflict, Invalid
from shared.values import without_control_characters

OldSystem = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
OldNumberText = Annotated[
    str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), AfterValidator(without_control_characters)
]
# A resident identity number, mistyped or not, or one of the first generation, which had 15 digits: some systems had no other number,
# and here it is kept sealed and nowhere else.
_DAY_OF_YEAR = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_IDENTITY = re.compile(f"[1-9][0-9]{{5}}(?:(?:19|20)[0-9]{{2}}{_DAY_OF_YEAR}[0-9]{{3}}[0-9Xx]|[0-9]{{2}}{_DAY_OF_YEAR}[0-9]{{3}})")


MOST = 20  # of one record; merges may bring more together
_SYSTEM, _NUMBER = TypeAdapter[str](OldSystem), TypeAdapter[str](OldNumberText)


def is_system(text: str) -> bool:
    try:
        return _SYSTEM.validate_python(text) == text
    except ValidationError:
        return False


def read_old_number(text: str) -> str:
    """In its one spelling. Raises ValidationError."""
    return _NUMBER.validate_python(text)


class OldNumber(BaseModel):
    """`system`: where the number comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, hide_input_in_errors=True)

    system: OldSystem
    number: OldNumberText


class OldNumberTaken(Conflict):
    """The number of the old system belongs to another record already: compare the two before anything is sent again."""

    slug = "OLD_NUMBER_TAKEN"


class TooManyOldNumbers(Conflict):
    """The record has 20 numbers of earlier systems already."""

    slug = "TOO_MANY_OLD_NUMBERS"


class OldNumberIsDocument(Invalid):
    """The number of an identity document is personal data: give the number that the old system had for the record."""

    slug = "OLD_NUMBER_IS_DOCUMENT"


def require_new(old: OldNumber, has: Collection[OldNumber]) -> None:
    """That it may be another one of a record. Raises OldNumberIsDocument, TooManyOldNumbers."""
    require_no_document(old, "number")
    if len(has) >= MOST:
        raise TooManyOldNumbers(field="number")


def require_no_document(old: OldNumber | None, field: str = "old_number.number") -> None:
    """However it is written: in full-width digits, with spaces, hyphens or dots between them. Raises OldNumberIsDocument."""
    if old is not None and _IDENTITY.fullmatch("".join(filter(str.isalnum, unicodedata.normalize("NFKC", old.number)))):
        raise OldNumberIsDocument(field=field)
