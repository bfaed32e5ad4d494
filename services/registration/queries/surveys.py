"""The tables `survey` and `survey_version`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date

from services.registration.domain.surveys import CoveredCounty, Survey, SurveyFilter
from services.registration.queries.workers import county_patterns
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CountyCode, SurveyId

SURVEY = rows.Columns(
    Survey,
    """
    survey.survey, county, reference_date, first_this_year, one.version, state, voided_for, respondents AS "found.respondents",
    able AS "found.able", willing AS "found.willing", skills AS "found.skills", recorded_by, recorded_at
    """,
)
GET = SURVEY.select("FROM survey JOIN survey_version AS one USING (survey, version) WHERE survey.survey = $1")
# Which survey is the first of its county's year is decided by one transaction at a time.
LOCK_YEAR = "SELECT pg_advisory_xact_lock(hashtextextended('survey ' || $1::text || ' ' || $2::text, 0))"
LIST_OF_YEAR = SURVEY.select("""
FROM survey JOIN survey_version AS one USING (survey, version)
WHERE county = $1 AND reference_date BETWEEN $2 AND $3 ORDER BY reference_date
""")
LIST = SURVEY.pages(
    "survey JOIN survey_version AS one USING (survey, version)",
    """
    county LIKE ANY($1::text[]) AND ($2::text IS NULL OR county = $2) AND ($3::date IS NULL OR reference_date >= $3)
    AND ($4::date IS NULL OR reference_date <= $4) AND ($5::text IS NULL OR state = $5)
    """,
    "reference_date date",
    "county text",
    key="survey uuid",
)
LIST_VERSIONS = SURVEY.select("""
FROM survey JOIN survey_version AS one ON one.survey = survey.survey
WHERE survey.survey = $1 AND one.version > $2::bigint ORDER BY one.version LIMIT $3
""")
COVERED_COUNTY = rows.Columns(CoveredCounty, "county, count(*) AS surveys, max(reference_date) AS latest")
LIST_COVERED = COVERED_COUNTY.select("""
FROM survey JOIN survey_version AS one USING (survey, version)
WHERE state = 'recorded' AND county LIKE ANY($1::text[]) AND reference_date BETWEEN $2 AND $3 GROUP BY county
""")
UPSERT = """
INSERT INTO survey (survey, county, reference_date, first_this_year, version) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (survey) DO UPDATE SET first_this_year = excluded.first_this_year, version = excluded.version
"""
INSERT_VERSION = """
INSERT INTO survey_version (survey, version, state, voided_for, respondents, able, willing, skills, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
UPDATE_FIRST = "UPDATE survey SET first_this_year = $2 WHERE survey = $1"


async def get(tx: Tx, survey: SurveyId) -> Survey | None:
    return await rows.fetch_one(tx.conn, GET, survey)


async def lock_year(tx: Tx, county: CountyCode, day: date) -> list[Survey]:
    """The county's surveys of the day's calendar year, voided ones included, to be changed by this transaction alone."""
    await tx.conn.execute(LOCK_YEAR, county, str(day.year))
    return await rows.fetch(tx.conn, LIST_OF_YEAR, county, date(day.year, 1, 1), date(day.year, 12, 31))


async def list_matching(tx: Tx, page: Page, wanted: SurveyFilter) -> tuple[Sequence[Survey], str | None]:
    """Of counties of the principal's regions."""
    return await fetch_page(tx.conn, LIST, page, county_patterns(tx), wanted.county, wanted.since, wanted.until, wanted.state)


async def list_versions(tx: Tx, survey: SurveyId, *, after: int, limit: int) -> list[Survey]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_VERSIONS, survey, after, limit)


async def list_covered(tx: Tx, since: date, until: date) -> list[CoveredCounty]:
    """Every county of the principal's regions with a survey that stands in the period."""
    return await rows.fetch(tx.conn, LIST_COVERED, county_patterns(tx), since, until)


async def insert_version(tx: Tx, one: Survey) -> None:
    """A new version beside those before."""
    await tx.conn.execute(UPSERT, one.survey, one.county, one.reference_date, one.first_this_year, one.version)
    await tx.conn.execute(
        INSERT_VERSION,
        one.survey,
        one.version,
        one.state,
        one.voided_for,
        one.found.respondents,
        one.found.able,
        one.found.willing,
        [asdict(skill) for skill in one.found.skills],
        one.recorded_by,
        one.recorded_at,
    )


async def update_firsts(tx: Tx, surveys: Iterable[Survey]) -> None:
    for one in surveys:
        await tx.conn.execute(UPDATE_FIRST, one.survey, one.first_this_year)
