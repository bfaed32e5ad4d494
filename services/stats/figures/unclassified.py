"""Counties that no list of divisions knows: they are part of every total."""

from __future__ import annotations

from collections import Counter

from services.stats.domain.questions import Question
from services.stats.figures import classifications, planning
from services.stats.figures.query import answer
from services.stats.queries import words
from shared.db import Tx
from shared.values import CountyCode


async def unclassified(tx: Tx, question: Question) -> dict[str, int] | None:
    """What these counties have in the figure, by code (money: minor units of whatever currency).

    None: the figure, as it is filtered, is not counted by county.
    """
    by_county = planning.by_county(question)
    if by_county is None:
        return None
    unknown = await words.list_counties(tx) - (await classifications.in_force(tx, question.known_on)).known
    asked = question.filter.county
    counties = tuple(CountyCode(code) for code in sorted(unknown) if not asked or code in asked)
    found: Counter[str] = Counter()
    if counties:
        within = question.filter.model_copy(update={"county": counties})
        for point in await answer(tx, by_county.model_copy(update={"filter": within})):
            found[point.of["county"]] += point.value
    return {county: value for county, value in sorted(found.items()) if value}
