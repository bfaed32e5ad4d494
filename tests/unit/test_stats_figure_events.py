"""Changes of state that a pass publishes beside the figures."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.stats.domain.quotas import Judgement
from services.stats.figures.freshness import Freshness
from services.stats.programmes import catalogue
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.programmes.evaluation import NATIONAL, QuotaYear
from services.stats.publishing.figure_events import Edition, quota_events
from shared.audiences import notice_of
from shared.events import QuotaStatusChanged, YearOnYearBreached
from shared.values import QuotaStatus

BREACHED = Judgement(share=(4, 50), before=(5, 50), status=QuotaStatus.BREACHED, rise=False, gap_heads=1)
PLAN = next(iter(catalogue.shipped().values()))
EDITION = Edition(Freshness(complete_through=None, lag_seconds=0, parked=0), date(2019, 1, 5), frozenset())


def heard_of(**before: Any) -> list[type]:
    """What officers hear of a finished year that fell, after that was published of it."""
    year = QuotaYear(quota=PLAN.quotas[0], scope=NATIONAL, year=2018, judgement=BREACHED, finished=True, open_positions=None)
    published = {"status": "breached", "infeasible": False, "final": False, "rise": None, **before}
    events = quota_events("quota", year, published, ProgrammeInForce(PLAN, 0), EDITION)
    changes = [event for event in events if isinstance(event, QuotaStatusChanged | YearOnYearBreached)]
    assert YearOnYearBreached in map(type, changes)
    return [type(event) for event in changes if notice_of(event, "system:stats") is not None]


def test_a_share_that_fell_is_no_second_news_beside_its_new_status() -> None:
    assert heard_of(status="at_risk") == [QuotaStatusChanged]


def test_it_is_news_where_the_status_stays_even_if_the_orders_in_hand_could_close_the_gap_again() -> None:
    assert heard_of() == [YearOnYearBreached]
    assert heard_of(infeasible=True) == [YearOnYearBreached]
