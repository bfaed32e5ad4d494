"""Outreach and registrations that came of it, as events."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from shared import events, reference
from shared.values import CountyCode, OutreachChannel, OutreachId, new_id
from tests.support.stats import POOR_WEST


def outreach_fact(county: str = POOR_WEST, on: date = date(2018, 3, 1), reached: int = 200, codes: int = 0) -> events.OutreachFact:
    return events.OutreachFact.model_validate(
        {
            "announcement": UUID(int=6),
            "origin": reference.origin(CountyCode(county), on),
            "outreach_channel": list(OutreachChannel)[codes % 3],
            "reached": reached,
            "on": on,
        }
    )


def reached(fact: events.OutreachFact | None = None) -> events.OutreachRecorded:
    return events.OutreachRecorded(outreach=OutreachId(new_id()), fact=fact or outreach_fact())


def outreach_corrected(of: events.OutreachRecorded, fact: events.OutreachFact) -> events.OutreachCorrected:
    return events.OutreachCorrected(outreach=of.outreach, previous=of.fact, fact=fact, reason="mistyped")


def outreach_voided(of: events.OutreachRecorded, previous: events.OutreachFact | None = None) -> events.OutreachVoided:
    return events.OutreachVoided(outreach=of.outreach, previous=previous or of.fact, reason="not_held")
