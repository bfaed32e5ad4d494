"""Figures of cases, as of now: their ages are public, whatever happens to the cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from services.rights.queries import case_figures
from services.rights.views.case_figures import CaseAgeing, ComplaintRates, OnTimeRates
from shared.db import Tx
from shared.paging import Page
from shared.values import PROGRAMME_ZONE, EnterpriseId

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Span:
    """The days asked about, both included. None: the year up to today."""

    since: date | None
    to: date | None

    def days(self, today: date) -> tuple[date, date]:
        to = self.to or today
        return self.since or to - YEAR, to


def _moments(since: date, to: date) -> tuple[datetime, datetime]:
    """From the beginning of the first day until before the day after the last."""
    return datetime.combine(since, time(), PROGRAMME_ZONE), datetime.combine(to, time(), PROGRAMME_ZONE) + timedelta(days=1)


async def show_ageing(tx: Tx) -> CaseAgeing:
    """Open cases of the whole nation by age."""
    return CaseAgeing.from_bands(await case_figures.list_ages(tx), tx.clock.now())


async def show_on_time(tx: Tx, span: Span) -> OnTimeRates:
    """First answers in time, of cases opened in the span."""
    since, to = span.days(tx.clock.today())
    return OnTimeRates.from_counts(await case_figures.list_on_time(tx, *_moments(since, to)), since, to)


async def list_complaint_rates(tx: Tx, page: Page, span: Span, enterprise: EnterpriseId | None) -> ComplaintRates:
    """Complaints of each enterprise in the span beside its workers abroad in it."""
    since, to = span.days(tx.clock.today())
    items, following = await case_figures.list_complaints(tx, page, _moments(since, to), (since, to), enterprise)
    return ComplaintRates.from_counts(items, since, to, following)
