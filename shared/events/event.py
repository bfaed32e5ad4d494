"""The base of every event: its topic, its subject (the Kafka key), the day it is effective on, and every code that consumers need."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from shared.values import (
    CountyCode,
    Designation,
)

REGISTRATION = "registration.events"
DOCKING = "docking.events"
TRAINING = "training.events"
RIGHTS = "rights.events"
STATS = "stats.events"
SNAPSHOT = "stats.snapshot"  # compacted
TOPICS = (REGISTRATION, DOCKING, TRAINING, RIGHTS, STATS, SNAPSHOT)


class Part(BaseModel):
    """A value inside an event. Unknown fields are ignored: a newer producer may have added one."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Event(Part):
    """Something that happened. Subclasses name the field that holds the subject, and the one that holds the effective day."""

    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    SUBJECT: ClassVar[str]
    EFFECTIVE: ClassVar[str] = "effective"

    @classmethod
    @cache
    def type_name(cls) -> str:
        """The CloudEvents type, such as "docking.Dispatched.v1"."""
        return f"{cls.TOPIC.partition('.')[0]}.{cls.__name__}.v{cls.VERSION}"

    @property
    def subject(self) -> str:
        return str(getattr(self, self.SUBJECT))

    @property
    def effective_on(self) -> date:
        """The day it happened, in the programme's zone."""
        day: date = getattr(self, self.EFFECTIVE)
        return day


class Origin(Part):
    """County of the household register, and what it was listed as by which list, on the day the event is effective."""

    county: CountyCode
    designation: Designation
    designation_version: str
