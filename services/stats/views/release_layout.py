"""What a release says and how its columns stand, in one language: the same on paper and in the workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_skeleton

from services.stats.views.releases import TOTAL, By, ChangeOnYear, Release, ReleaseRestatement, ReleaseTable
from shared import reference
from shared.texts import READS_CHARACTERS, Texts
from shared.values import PROGRAMME_ZONE, Channel, Period, first_day, format_ratio

CHANNELS = {
    Channel.CONTRACTED_PROJECT: "Contracted projects",
    Channel.LABOUR_COOPERATION: "Labour cooperation, seafarers included",
    Channel.SEAFARER: "of which seafarers",
}
HEADINGS: dict[By, str] = {
    "channel": "By channel",
    "province": "By province of the household register",
    "destination": "By destination",
    "occupation": "By occupation (ISCO-08)",
}
KINDS = {
    "late": "recorded late",
    "correction": "corrected",
    "merge": "two registrations were one person",
    "fx": "rate revised",
    "designation": "list of counties revised",
    "rule": "rule revised",
}


@dataclass(frozen=True, slots=True)
class Group:
    """A heading over the columns of one change: the value, the change on the year before, the same in per cent."""

    label: str
    changes: Sequence[ChangeOnYear | None]  # a row's


def last_month(release: Release) -> Period:
    return Period(release.period if len(release.period) == 7 else f"{release.period}-12")


def month_name(month: Period, text: Texts) -> str:
    return str(format_skeleton("yMMMM", first_day(month), locale=text.language))


def period_name(release: Release, text: Texts) -> str:
    return text("{year}", year=release.period) if release.is_year else month_name(last_month(release), text)


def span_name(release: Release, text: Texts) -> str:
    """From January to the period's end."""
    last = last_month(release)
    if release.is_year or last.endswith("-01"):
        return period_name(release, text)
    return text("{first} to {last}", first=month_name(Period(f"{last[:4]}-01"), text), last=month_name(last, text))


def title(release: Release, text: Texts) -> str:
    return text("Brief statistics on foreign labour service cooperation, {period}", period=period_name(release, text))


def closing(release: Release, text: Texts) -> str:
    """Which state of knowledge is published."""
    return text(
        "As known on {day}, the day of the close (version {version}); restatements since then stand in the last columns.",
        day=text.day(release.as_known_at),
        version=release.version,
    )


def summary(release: Release, text: Texts) -> Sequence[str]:
    """In the ministry's own sentences."""
    rows = {row.of: row for row in release.tables[0].rows}
    total = rows.get(TOTAL)
    if total is None:
        return (text("Nobody was dispatched, and nobody was abroad."),)
    by_channel = [rows[code].cumulative.value if code in rows else 0 for code in (Channel.CONTRACTED_PROJECT, Channel.LABOUR_COOPERATION)]
    return (
        text(
            "{span}: {number} workers of all kinds were dispatched, {change} on the same span a year before; "
            "{projects} under contracted projects and {labour} under labour cooperation.",
            span=span_name(release, text),
            number=text.number(total.cumulative.value),
            change=changed(total.cumulative, text),
            projects=text.number(by_channel[0]),
            labour=text.number(by_channel[1]),
        ),
        text(
            "At the end of {month} {number} workers were abroad, {change} on a year before.",
            month=month_name(last_month(release), text),
            number=text.number(total.stock.value),
            change=changed(total.stock, text),
        ),
    )


def changed(change: ChangeOnYear, text: Texts) -> str:
    if not change.before:
        return text("no comparison")
    return f"{signed(change.change)} ({percent(change)})"


def signed(number: int) -> str:
    return f"{number:+,}" if number else "0"


def percent(change: ChangeOnYear) -> str:
    """One decimal, rounded half up; a dash where there is nothing to compare with."""
    found = format_ratio((change.change * 100, change.before), 1)
    return "–" if found is None else f"{'+' if change.change > 0 else ''}{found}%"


def name_of(by: By, code: str, text: Texts) -> str:
    """Names for codes; a code that no list has stands for itself."""
    if code == TOTAL:
        return text("Total")
    if by == "channel":
        return text(CHANNELS[Channel(code)]) if code in CHANNELS else code
    if by == "province":
        return _province(code, text)
    return text.country(code) if by == "destination" else text.occupation(code)


def _province(code: str, text: Texts) -> str:
    known = reference.provinces().get(code)
    if known is None:
        return text("Unclassified")
    return known.name_zh if text.language in READS_CHARACTERS else known.name_en


def groups(table: ReleaseTable, text: Texts) -> Sequence[Group]:
    """Of the columns that a table has; a year has none of its last month."""
    cumulative = text("From January") if table.rows and table.rows[0].month else text("In the year")
    found = [
        Group(text("In the month"), [row.month for row in table.rows]),
        Group(cumulative, [row.cumulative for row in table.rows]),
        Group(text("Abroad at the end"), [row.stock for row in table.rows]),
    ]
    return found if table.rows and table.rows[0].month else found[1:]


def restated(one: ReleaseRestatement, text: Texts) -> Sequence[str]:
    """Measure, why, number of events behind it."""
    measure = text("Departures") if one.measure == "dispatches" else text("Returns")
    return measure, text(KINDS[one.kind]), text.number(one.causes_total)


def notes(release: Release, text: Texts) -> Sequence[tuple[str, str]]:
    closed: date = release.closed_at.astimezone(PROGRAMME_ZONE).date()
    found = [
        (text("Period"), release.period),
        (text("Closed"), f"{text.day(closed)} ({text('version {version}', version=release.version)})"),
        (text("Digest of the closed cells (SHA-256)"), release.digest),
        (text("Counted"), text("Departures proven at the border, on the day of departure; not contracts or permits.")),
        (text("Abroad"), text("Departures less returns up to the end of the period.")),
        (text("A year before"), text("The same months a year before, as known on the same day.")),
    ]
    if release.small:
        found.append(
            (text("Not for publication"), text("This release has cells of fewer than 10 people; the public tables leave them out."))
        )
    return found
