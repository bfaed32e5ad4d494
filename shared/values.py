"""Values every service agrees on: ids, codes, money, time. No I/O.

The NewTypes keep one kind of id out of the place of another; the `...Field` aliases are the same types with the bounds
that every outside value must satisfy before it may reach a database (asyncpg refuses NUL characters and out-of-range
integers only once they are on their way to Postgres).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Literal, NewType
from uuid import UUID

import uuid_utils
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.fields import FieldInfo

from shared import currencies

# China has kept one zone without daylight saving since 1991, so a fixed offset is exact and needs no zone database.
PROGRAMME_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
LATEST_ZONE = timezone(timedelta(hours=14), "Pacific/Kiritimati")

WorkerId = NewType("WorkerId", UUID)
EnterpriseId = NewType("EnterpriseId", UUID)
EmployerId = NewType("EmployerId", UUID)
OrderId = NewType("OrderId", UUID)
MatchId = NewType("MatchId", UUID)
PlacementId = NewType("PlacementId", UUID)
CentreId = NewType("CentreId", UUID)
FeeId = NewType("FeeId", UUID)
ChangeId = NewType("ChangeId", UUID)
CourseId = NewType("CourseId", UUID)
SessionId = NewType("SessionId", UUID)
EnrolmentId = NewType("EnrolmentId", UUID)
ReportId = NewType("ReportId", UUID)
NoticeId = NewType("NoticeId", UUID)
FairId = NewType("FairId", UUID)
IntentionId = NewType("IntentionId", UUID)
CaseId = NewType("CaseId", UUID)
SettlementId = NewType("SettlementId", UUID)
EmergencyId = NewType("EmergencyId", UUID)
RepatriationId = NewType("RepatriationId", UUID)
ImportId = NewType("ImportId", UUID)
RecognitionId = NewType("RecognitionId", UUID)
CorrectionId = NewType("CorrectionId", UUID)
SurveyId = NewType("SurveyId", UUID)
DuplicateId = NewType("DuplicateId", UUID)
AnnouncementId = NewType("AnnouncementId", UUID)
OutreachId = NewType("OutreachId", UUID)


def _code(kind: str, example: str) -> FieldInfo:
    """What a schema says of a code: of which list it is, and one of them. Nothing is checked."""
    described: FieldInfo = Field(json_schema_extra={"format": kind, "examples": [example]})
    return described


CountyCode = NewType("CountyCode", Annotated[str, _code("county", "622427")])  # GB/T 2260, six digits, vintage December 2017
Destination = NewType("Destination", Annotated[str, _code("destination", "JPN")])  # ISO 3166-1 alpha-3
Occupation = NewType("Occupation", Annotated[str, _code("occupation", "7231")])  # ISCO-08, one to four digits
Currency = NewType("Currency", Annotated[str, _code("currency", "CNY")])  # ISO 4217
Period = NewType("Period", Annotated[str, _code("period", "2018-09")])  # YYYY-MM, a month in the programme's zone


@dataclass(slots=True)
class _Drawn:
    given: list[UUID | None]
    drawn: list[UUID]


_DRAWN: ContextVar[_Drawn | None] = ContextVar("drawn", default=None)


def new_id() -> UUID:
    """A UUIDv7: unique without coordination, and rows inserted together lie together in the index."""
    drawn = _DRAWN.get()
    if drawn is None:
        return UUID(bytes=uuid_utils.uuid7().bytes)
    given = drawn.given.pop(0) if drawn.given else None
    drawn.drawn.append(given or UUID(bytes=uuid_utils.uuid7().bytes))
    return drawn.drawn[-1]


@contextmanager
def drawing_ids(given: Sequence[UUID | None] = ()) -> Iterator[list[UUID]]:
    """The ids drawn inside, in order. `given` are drawn first, a new one for None: what is done again gets the ids that it had."""
    drawn = _Drawn(list(given), [])
    token = _DRAWN.set(drawn)
    try:
        yield drawn.drawn
    finally:
        _DRAWN.reset(token)


class Channel(StrEnum):
    LABOUR_COOPERATION = "labour_cooperation"
    CONTRACTED_PROJECT = "contracted_project"
    SEAFARER = "seafarer"


class OutreachChannel(StrEnum):
    """How people of a county hear of the programme."""

    BROADCAST = "broadcast"  # the village's loudspeakers, and radio
    TELEVISION = "television"
    NEWSPAPER = "newspaper"
    WEBSITE = "website"
    WECHAT = "wechat"
    SMS = "sms"
    PHONE = "phone"
    POSTER = "poster"
    LEAFLET = "leaflet"
    VILLAGE_MEETING = "village_meeting"
    HOUSEHOLD_VISIT = "household_visit"
    JOB_FAIR = "job_fair"
    SCHOOL = "school"
    RETURNED_WORKER = "returned_worker"  # somebody who is back tells others


class Language(StrEnum):
    """Languages that announcements are made in: BCP 47, those with the most speakers among the counties."""

    CHINESE = "zh"
    CANTONESE = "yue"
    MIN_NAN = "nan"
    WU = "wuu"
    HAKKA = "hak"
    ZHUANG = "za"
    UYGHUR = "ug"
    TIBETAN = "bo"
    MONGOLIAN = "mn"
    KAZAKH = "kk"
    KYRGYZ = "ky"
    KOREAN = "ko"
    YI = "ii"
    MIAO = "hmn"
    BOUYEI = "pcc"
    DONG = "doc"
    TUJIA = "tji"
    DAI = "tdd"
    BAI = "bca"
    HANI = "hni"
    LISU = "lis"
    LAHU = "lhu"
    WA = "vwa"
    JINGPO = "kac"
    DONGXIANG = "sce"
    SALAR = "slr"


class Designation(StrEnum):
    """What the county of the household register was listed as on a given day."""

    NATIONAL = "national"
    PROVINCIAL = "provincial"
    NONE = "none"
    UNCLASSIFIED = "unclassified"  # the county code is not in the divisions in force


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


CorrectionReason = Literal["mistyped", "misread", "misreported", "new_evidence", "inspection"]  # of what docking and rights have recorded
Payer = Literal["employer", "enterprise", "reserve", "insurance"]  # of a settlement
Scheme = Literal["three_belt", "nbs4", "poverty22"]
Region = Literal["east", "central", "west", "northeast", "poverty22", "other", "none"]


class HouseholdStatus(StrEnum):
    REGISTERED_POOR = "registered_poor"  # 建档立卡
    NOT_REGISTERED = "not_registered"
    UNKNOWN = "unknown"


class Grade(StrEnum):
    """Of an emergency abroad: the higher the grade, the higher the authority that handles it."""

    I = "I"  # noqa: E741  # as the rules number them
    II = "II"
    III = "III"
    IV = "IV"


class WagePeriod(StrEnum):
    MONTH = "month"
    DAY = "day"


class FeePayer(StrEnum):
    WORKER = "worker"
    ENTERPRISE = "enterprise"
    EMPLOYER = "employer"


class FeeItem(StrEnum):
    """What recruitment may cost (ILO definition of 2018: fees and related costs). No deposit and no guarantee: nobody may take one (C5)."""

    SERVICE_FEE = "service_fee"
    MEDICAL = "medical"
    INSURANCE = "insurance"
    SKILLS_TEST = "skills_test"
    TRAINING = "training"
    EQUIPMENT = "equipment"
    TRAVEL = "travel"
    LODGING = "lodging"
    PASSPORT = "passport"
    VISA = "visa"
    WORK_PERMIT = "work_permit"
    DOCUMENTS = "documents"


Ratio = tuple[int, int]  # numerator, denominator: compared in integers, rounded only where people read


def round_half_up(ratio: Ratio) -> int:
    """The whole number nearest to a ratio whose denominator is positive; a half goes up, away from what is smaller."""
    num, den = ratio
    return (2 * num + den) // (2 * den)


def format_ratio(ratio: Ratio, digits: int) -> str | None:
    """A ratio for people, as "9.58": rounded half up once, to so many decimal places. None without a denominator."""
    num, den = ratio
    if den <= 0:
        return None
    scaled = round_half_up((num * 10**digits, den))
    whole, rest = divmod(abs(scaled), 10**digits)
    return f"{'-' if scaled < 0 else ''}{whole}{f'.{rest:0{digits}d}' if digits else ''}"


class QuotaStatus(StrEnum):
    MET = "met"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    NOT_COMPARABLE = "not_comparable"
    INSUFFICIENT_DATA = "insufficient_data"


class TargetState(StrEnum):
    ON_TRACK = "on_track"
    BEHIND = "behind"
    AHEAD = "ahead"
    ACHIEVED = "achieved"
    MISSED = "missed"


# --- bounds at the edge -------------------------------------------------------------------------------------------
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def without_control_characters(text: str) -> str:
    """The text itself. Raises ValueError for NUL and other control characters, line separators and lone surrogates."""
    if _CONTROL_CHARACTERS.search(text):
        message = "control characters are not allowed"
        raise ValueError(message)
    return text


def _registered_currency(code: str) -> str:
    exponent(Currency(code))
    return code


_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _only_iso_date(value: object) -> object:
    """Only YYYY-MM-DD: pydantic alone would also take 0, "0" and 0.5 for days around 1970."""
    if (isinstance(value, str) and _ISO_DATE.fullmatch(value)) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    message = "must be a date as YYYY-MM-DD"
    raise ValueError(message)


def _day_in_range(day: date) -> date:
    if not date(1900, 1, 1) <= day <= date(2200, 12, 31):
        message = "must lie between 1900-01-01 and 2200-12-31"
        raise ValueError(message)
    return day


Line = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(without_control_characters)]
CountyField = Annotated[CountyCode, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
DestinationField = Annotated[Destination, StringConstraints(pattern=r"^[A-Z]{3}$")]
OccupationField = Annotated[Occupation, StringConstraints(pattern=r"^[1-9][0-9]{0,3}$")]
CurrencyField = Annotated[Currency, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_registered_currency)]
PeriodField = Annotated[Period, StringConstraints(pattern=r"^(19[0-9]{2}|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$")]
Day = Annotated[date, BeforeValidator(_only_iso_date), AfterValidator(_day_in_range)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Minor = Annotated[int, Field(ge=-(10**15), le=10**15)]


# --- money --------------------------------------------------------------------------------------------------------
class Money(BaseModel):
    """An amount in integer minor units of an ISO 4217 currency: 12.50 yuan is (1250, CNY), 180,000 yen (180000, JPY)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minor: Minor
    currency: CurrencyField

    def plus(self, other: Money) -> Money:
        return Money(minor=self.minor + self._same(other), currency=self.currency)

    def minus(self, other: Money) -> Money:
        return Money(minor=self.minor - self._same(other), currency=self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            message = f"{other.currency} cannot be added to {self.currency}: convert at query time, never in a ledger"
            raise ValueError(message)
        return other.minor

    def __str__(self) -> str:
        digits = exponent(self.currency)
        sign, minor = ("-" if self.minor < 0 else ""), abs(self.minor)
        whole, rest = divmod(minor, 10**digits)
        return f"{sign}{whole:,}{f'.{rest:0{digits}d}' if digits else ''} {self.currency}"


LARGEST_AMOUNT = 10**13  # minor units; no wage, fee or reserve comes near, and sums of them stay far inside a bigint


def _amount(money: Money) -> Money:
    if not 0 <= money.minor <= LARGEST_AMOUNT:
        message = f"must be 0 to {LARGEST_AMOUNT} minor units"
        raise ValueError(message)
    return money


def _positive(money: Money) -> Money:
    if money.minor == 0:
        message = "must be more than nothing"
        raise ValueError(message)
    return money


Amount = Annotated[Money, AfterValidator(_amount)]
PositiveAmount = Annotated[Amount, AfterValidator(_positive)]


def exponent(currency: Currency) -> int:
    """Digits after the decimal point, from the standard: JPY 0, CNY 2, KWD 3. Raises ValueError for an unknown code."""
    return currencies.exponent(currency)


# --- time ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Clock:
    """Tells the time. Without `at` it is the system's; a simulation, and a reaction inside one, passes the moment in."""

    at: datetime | None = None

    def now(self) -> datetime:
        """The moment in UTC, aware."""
        return self.at or datetime.now(UTC)

    def today(self) -> date:
        """The calendar day in the programme's zone."""
        return self.now().astimezone(PROGRAMME_ZONE).date()

    def latest_today(self) -> date:
        """The calendar day where it is latest: a day after it has begun nowhere on earth."""
        return self.now().astimezone(LATEST_ZONE).date()


def period_of(day: date) -> Period:
    return Period(f"{day.year:04d}-{day.month:02d}")


def first_day(period: Period) -> date:
    return date(int(period[:4]), int(period[5:]), 1)


def last_day(period: Period) -> date:
    return first_day(next_period(period)) - timedelta(days=1)


def next_period(period: Period) -> Period:
    return period_of(first_day(period) + timedelta(days=31))
