"""Everything that stats refuses, each with a stable slug."""

from __future__ import annotations

from shared.errors import Conflict, Invalid, Limited, NotFound, Refused


class AbsurdDay(Invalid):
    """The day lies before 1990 or more than a day after the event was recorded: it is counted nowhere."""

    slug = "ABSURD_DAY"


class MeasureNotFound(NotFound):
    """There is no such measure."""

    slug = "MEASURE_NOT_FOUND"


class NoCut(Invalid):
    """No cut of this measure has all the dimensions asked for."""

    slug = "NO_CUT"


class KeyNotFound(NotFound):
    """No published figure, and no cell, is named by this key."""

    slug = "KEY_NOT_FOUND"


class CodeNotFound(NotFound):
    """No list has this code, and nothing was counted by it."""

    slug = "CODE_NOT_FOUND"


class PeriodInvalid(Invalid):
    """A period is YYYY, YYYY-MM or YYYY-MM-DD, its end not before its start."""

    slug = "PERIOD_INVALID"


class ProgrammeNotFound(NotFound):
    """There is no such programme."""

    slug = "PROGRAMME_NOT_FOUND"


class RebuildRunning(Conflict):
    """A rebuild is under way, or was cut short: let `laowu rebuild` end, then redrive."""

    slug = "REBUILD_RUNNING"


class PeriodRunning(Conflict):
    """Only a period that has ended can be closed."""

    slug = "PERIOD_RUNNING"


class PeriodAlreadyClosed(Conflict):
    """The period is closed; reopen it first."""

    slug = "PERIOD_CLOSED"


class PeriodNotClosed(Conflict):
    """The period is not closed."""

    slug = "PERIOD_NOT_CLOSED"


class SecondApproverNeeded(Limited):
    """Who closed a period may not approve its reopening."""

    slug = "SECOND_APPROVER_NEEDED"


class RateExists(Conflict):
    """There is a rate for this currency and month; revise it with a reason."""

    slug = "RATE_EXISTS"


class RateHeld(Conflict):
    """Another rate of this currency and month waits for a second person; decide on that one. `state` names it."""

    slug = "RATE_HELD"


class HeldRateNotFound(NotFound):
    """There is no such rate that was held."""

    slug = "HELD_RATE_NOT_FOUND"


class HeldRateDecided(Conflict):
    """The rate was approved or rejected already."""

    slug = "HELD_RATE_DECIDED"


class SecondPersonNeeded(Limited):
    """Who entered a rate that is far off may not approve it."""

    slug = "SECOND_PERSON_NEEDED"


class RateNotFound(NotFound):
    """There is no rate for this currency and month to revise."""

    slug = "RATE_NOT_FOUND"


class ListInvalid(Invalid):
    """A list names what does not exist, twice, or in no order of time; the rows and fields are in the answer."""

    slug = "LIST_INVALID"


class StaleList(Conflict):
    """Another version of the list was entered meanwhile."""

    slug = "STALE_LIST"


class ContradictoryPlan(Invalid):
    """The plan's own numbers cannot all be true; the arithmetic is in the answer."""

    slug = "CONTRADICTORY_PLAN"


class StalePlan(Conflict):
    """Another version of the programme was entered meanwhile."""

    slug = "STALE_PLAN"


class TooManyPoints(Invalid):
    """The figure has more points than a file may: ask by fewer dimensions, for a shorter span, or page by page."""

    slug = "TOO_MANY_POINTS"


class NotPublic(NotFound):
    """The public sees counts of closed years only."""

    slug = "NOT_PUBLIC"


class StreamFull(Refused):
    """As many streams are open as this process serves; ask again later."""

    slug = "STREAM_FULL"
    status = 429


class ExplanationBusy(Refused):
    """The log is being read for another explanation; ask again in a moment."""

    slug = "EXPLANATION_BUSY"
    status = 429


class ExplanationTooLong(Conflict):
    """The log is too long to be read while somebody waits: `laowu why` reads it to its end."""

    slug = "EXPLANATION_TOO_LONG"


class LogIncomplete(Conflict):
    """The log no longer begins at its beginning: the events behind a figure cannot all be found in it."""

    slug = "LOG_INCOMPLETE"
