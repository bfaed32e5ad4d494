"""What several routes ask with: who reads, as known when, a question with its filter."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query

from services.stats.domain.fields import ClosablePeriod, Code
from services.stats.domain.periods import period_end, period_start
from services.stats.domain.questions import AgeBand, Basis, By, Filter, Question
from shared.principals import Role
from shared.values import (
    Channel,
    CountyField,
    Day,
    Designation,
    DestinationField,
    EnterpriseId,
    OccupationField,
    OutreachChannel,
    Payer,
    Region,
    Scheme,
    Sex,
)
from shared.web.call import Call, allow

Reader = Annotated[Call, allow(Role.OFFICER, Role.OPERATOR, Role.AUDITOR)]
Planner = Annotated[Call, allow(Role.OFFICER, Role.OPERATOR)]
PeriodText = Annotated[str, Query(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
KnownAt = Annotated[Day | None, Query(alias="as_known_at", description="only what was recorded by the end of this day")]
ProgrammeCode = Annotated[Code, Query(description="code of the programme")]
ClosedPeriod = Annotated[ClosablePeriod, Path(description="a closed year or month: YYYY or YYYY-MM")]
FIRST = "1990"


def _filter(
    county: Annotated[list[CountyField], Query(max_length=500)] = [],  # noqa: B006  # FastAPI copies defaults
    designation: Annotated[list[Designation], Query(max_length=4)] = [],  # noqa: B006
    listed: Annotated[list[Designation], Query(max_length=4)] = [],  # noqa: B006
    province: Annotated[list[CountyField], Query(max_length=40)] = [],  # noqa: B006
    region: Annotated[list[Region], Query(max_length=8)] = [],  # noqa: B006
    destination: Annotated[list[DestinationField], Query(max_length=250)] = [],  # noqa: B006
    occupation: Annotated[list[OccupationField], Query(max_length=500)] = [],  # noqa: B006
    enterprise: Annotated[list[EnterpriseId], Query(max_length=100)] = [],  # noqa: B006
    channel: Annotated[list[Channel], Query(max_length=3)] = [],  # noqa: B006
    sex: Annotated[list[Sex], Query(max_length=2)] = [],  # noqa: B006
    age_band: Annotated[list[AgeBand], Query(max_length=20)] = [],  # noqa: B006
    payer: Annotated[list[Payer], Query(max_length=4)] = [],  # noqa: B006
    outreach_channel: Annotated[list[OutreachChannel], Query(max_length=20)] = [],  # noqa: B006
) -> Filter:
    """The dimensions of a question's filter, each repeatable."""
    return Filter(
        county=tuple(county),
        designation=tuple(designation),
        listed=tuple(listed),
        province=tuple(province),
        region=tuple(region),
        destination=tuple(destination),
        occupation=tuple(occupation),
        enterprise=tuple(enterprise),
        channel=tuple(channel),
        sex=tuple(sex),
        age_band=tuple(age_band),
        payer=tuple(payer),
        outreach_channel=tuple(outreach_channel),
    )


def _question(
    call: Reader,
    measure: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")],
    part: Annotated[Filter, Depends(_filter)],
    since: Annotated[PeriodText, Query(alias="from")] = FIRST,
    to: PeriodText | None = None,
    by: Annotated[list[By], Query(max_length=6)] = [],  # noqa: B006
    basis: Basis = "ever_listed",
    scheme: Scheme = "three_belt",
    as_known_at: KnownAt = None,
) -> Question:
    """A measure between two periods (inclusive; up to today where `to` is left out), by dimensions that one of its cuts has together."""
    today = as_known_at or call.clock.today()
    return Question(
        measure=measure,
        start=period_start(since),
        end=period_end(to) if to else today,
        by=tuple(dict.fromkeys(by)),
        filter=part,
        basis=basis,
        scheme=scheme,
        known_on=as_known_at,
    )


Asked = Annotated[Question, Depends(_question)]
