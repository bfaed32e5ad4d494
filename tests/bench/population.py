"""A played programme many times over, written straight into the services' tables: a country's worth of rows in minutes.

Every row of a small demo is copied with ids, numbers and accounts of its own, so that what hangs together in one copy hangs together in
the others. What people, matches and cases are is the demo's; only how many there are is made up here. Firms (enterprises, employers,
centres, courses, sessions, imports) are shared by copies, as there are thousands of workers to each of them.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from uuid import UUID

import asyncpg

from services.registration.personal_data.master_keys import KeyRing, LocalKeys
from services.registration.personal_data.vault import PersonalData, Vault, enclose
from shared import db
from shared.values import CountyCode, WorkerId
from tests.bench.environment import ReportStep

FIRMS = 40  # times as many as the demo has
DAYS = 28  # what happened is spread over, copy by copy
PREFIX = 0x019B0000  # of the ids of copies: eight digits of the time, in which the ids of a copy follow those of the copy before
SEALED_AT_ONCE = 5_000
WORKERS, PLACEMENTS, PAID, FEW = range(4)  # how often a table's rows are copied: see Copies
TABLES: Mapping[str, Mapping[str, int | None]] = {  # None: by firm
    "registration": {
        "import_run": None,
        "worker": WORKERS,
        "duplicate": WORKERS,
        "personal_data_access": WORKERS,
        "stay": PLACEMENTS,
        "open_placement": PLACEMENTS,
        "correction": WORKERS,
        "correction_field": WORKERS,
        "history": FEW,
        "notification": FEW,
    },
    "docking": {
        "enterprise": None,
        "employer": None,
        "accompaniment": None,
        "reserve_entry": None,
        "fair": None,
        "intention": None,
        "complaint": PLACEMENTS,
        "worker": WORKERS,
        "job_order": PLACEMENTS,
        "proposal": PLACEMENTS,
        "placement": PLACEMENTS,
        "dispatch": PLACEMENTS,
        "arrival": PLACEMENTS,
        "fee": PLACEMENTS,
        "contract_change": PLACEMENTS,
        "certificate": PLACEMENTS,
        "merge": PLACEMENTS,
        "wage_finding": PAID,
        "history": FEW,
        "notification": FEW,
    },
    "training": {
        "centre": None,
        "course": None,
        "centre_day": None,
        "session": None,
        "need": PLACEMENTS,
        "enrolment": PLACEMENTS,
        "certificate": PLACEMENTS,
        "attendance": PLACEMENTS,
        "finding": PLACEMENTS,
        "correction": PLACEMENTS,
        "merged": PLACEMENTS,
        "recognition": PLACEMENTS,
        "history": FEW,
        "notification": FEW,
    },
    "rights": {
        "enterprise": None,
        "payroll": None,
        "ledger": PLACEMENTS,
        "income": PAID,
        "wage_check": PAID,
        "income_conflict": PAID,
        "finding": PAID,
        "charged_fee": PLACEMENTS,
        "rights_case": PLACEMENTS,
        "case_evidence": PLACEMENTS,
        "case_statement": PLACEMENTS,
        "settlement": PLACEMENTS,
        "collective_member": PLACEMENTS,
        "roll_call": PLACEMENTS,
        "repatriation": PLACEMENTS,
        "merged": PLACEMENTS,
        "history": FEW,
        "notification": FEW,
    },
}
SHOWN = {"history": ("type = 'RepatriationRequested'", PLACEMENTS)}  # rows that a list has a column of: as many as it has rows
OPEN = "n % 20 = 1"
DESTINATIONS = "ARRAY[(ARRAY['JPN', 'SGP', 'MAC', 'HKG', 'KOR', 'SAU', 'DZA', 'IDN', 'LAO'])[1 + n % 9]]"  # of whoever waits
OCCUPATIONS = "ARRAY[(ARRAY['7112', '8350', '8153', '5120', '9111', '7411', '8342'])[1 + n % 7]]"
OF_A_FIRM = {
    "enterprise",
    "employer_id",
    "employer_before",
    "employer_after",
    "plan_takes_over",
    "course",
    "session",
    "import_id",
    "payroll",
    "digest",
}
THE_SAME = {"emergency", "outreach_announcement"}  # ids of what there is once
IDS_OF_FIRMS = {("enterprise", "id"), ("employer", "id"), ("employer", "registration_no"), ("centre", "id")}
OF_A_TABLE: Mapping[str, Mapping[str, str]] = {  # table -> column -> what stands in the copy
    "enterprise": {"name": "{0} || ' ' || firm_number"},
    "employer": {"name": "{0} || ' ' || firm_number"},
    "duplicate": {  # one in twenty is still open
        "earlier": "(prefix || least(right(one.earlier::text, -8), right(one.later::text, -8)))::uuid",
        "later": "(prefix || greatest(right(one.earlier::text, -8), right(one.later::text, -8)))::uuid",
        **dict.fromkeys(("decided_by", "decided_at", "rejected_for", "held_for"), f"CASE WHEN {OPEN} THEN NULL ELSE {{0}} END"),
        "survivor": f"CASE WHEN NOT {OPEN} THEN (prefix || right({{0}}::text, -8))::uuid END",
        "state": f"CASE WHEN {OPEN} THEN 'suspected' ELSE {{0}} END",
    },
}
EXPRESSIONS = {  # column -> what stands in the copy, where it is no id
    "worker_no": "'W' || digits || substr({0}, 2)",
    "number": "'W' || digits || substr({0}, 2)",
    "serial": "left({0}, 6) || lpad((right({0}, 8)::int + n * 1000)::text, 8, '0')",
    "certificate": "left({0}, 6) || lpad((right({0}, 8)::int + n * 1000)::text, 8, '0')",
    "licence_no": "left({0}, -3) || lpad(((right({0}, 3)::int + firm_number * 20) % 1000)::text, 3, '0')",
    "centre": "CASE WHEN firm IS NULL THEN {0} ELSE {0} || '-' || firm_number END",
    "import_row": "{0} + n * 1000",
    "decision_no": "{0} || '-' || n",
    "subject": "CASE WHEN {0} ~ '^[0-9a-f]{{8}}-.{{27}}$' THEN prefix || right({0}, -8) ELSE {0} END",
}
COLUMNS = """
SELECT column_name AS name, udt_name AS type, table_name AS of FROM information_schema.columns
WHERE table_schema = 'public' AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY table_name, ordinal_position
"""
INDEXES = """
SELECT format('DROP INDEX %I', indexname) AS drop, indexdef AS create FROM pg_indexes
WHERE schemaname = 'public' AND tablename = ANY($1::text[]) AND NOT EXISTS (
    SELECT FROM pg_constraint WHERE conindid = format('%I.%I', schemaname, indexname)::regclass
)
"""
SUPPLY = """
INSERT INTO supply (worker, destination, occupation, poor, registered_at, county)
SELECT worker.id, destination, occupation, poor, registered_at, county
FROM worker, unnest(destinations) AS destination, unnest(wanted) AS occupation WHERE willing AND willing_until = $1
ON CONFLICT DO NOTHING
"""
QUICKLY = ("fsync = off", "full_page_writes = off", "max_wal_size = '8GB'", "checkpoint_timeout = '1h'", "autovacuum = off")
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志文"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """How often a programme of so many `people` is copied, the one that was played included."""

    people: int
    workers: int
    placements: int
    paid: int

    def of(self, kind: int | None) -> int:
        return FIRMS if kind is None else -(-(self.workers, self.placements, self.paid, self.workers // 10)[kind] // self.people)


async def multiply(url: str, service: str, copies: Copies, willing_until: date, report: ReportStep) -> int:
    """Copy the rows of a service's database. Returns how many there are then in the tables copied."""
    conn = await asyncpg.connect(url, command_timeout=None)
    try:
        await conn.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '400MB'")
        tables = TABLES[service]
        indexes = await conn.fetch(INDEXES, list(tables))
        for index in indexes:
            await conn.execute(index["drop"])
        await _number_copies(conn, copies)
        columns: dict[str, list[tuple[str, str]]] = {}
        for row in await conn.fetch(COLUMNS):
            columns.setdefault(row["of"], []).append((row["name"], row["type"]))
        for table, kind in tables.items():
            report(f"screens: {service}, {table}")
            await conn.execute(_copying(table, columns[table], copies, kind, willing_until))
        if service == "docking":
            await conn.execute(SUPPLY, willing_until)
        report(f"screens: {service}, indexes")
        for index in indexes:
            await conn.execute(index["create"])
        return sum([await conn.fetchval(f'SELECT count(*) FROM "{table}"') for table in tables])  # noqa: S608  # names from above
    finally:
        await conn.close()


async def _number_copies(conn: asyncpg.Connection, copies: Copies) -> None:
    """What tells the copies apart; the one that was played has no number."""
    await conn.execute("CREATE TEMPORARY TABLE copy (n int, prefix text, digits text, firm text, firm_number int)")
    rows = [
        (number, _prefix(number), leading_digits(number), _prefix(number % FIRMS) if number % FIRMS else None, number % FIRMS)
        for number in range(1, copies.of(WORKERS))
    ]
    await conn.copy_records_to_table("copy", records=rows)


def _prefix(number: int) -> str:
    return f"{PREFIX + number:08x}"


def leading_digits(number: int) -> str:
    """Seven, another for every number, that a worker's number of eight digits can begin with, and its check character stays what it is."""
    weights = [pow(2, 15 - place, 11) for place in range(7)]
    for last in range(100):
        digits = f"{number:05d}{last:02d}"
        if sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 == 0:
            return digits
    raise AssertionError(number)


def _copying(table: str, columns: Sequence[tuple[str, str]], copies: Copies, kind: int | None, willing_until: date) -> str:
    names = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(_value(table, name, type_, copies, willing_until) for name, type_ in columns)
    clashing = "" if table == "dispatch" else " ON CONFLICT DO NOTHING"  # its exclusion constraints are deferred
    shown, often = SHOWN.get(table, ("false", 0))
    copied = f"n < {copies.of(kind)} OR {shown} AND n < {copies.of(often)}"
    return f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" AS one, copy WHERE {copied}{clashing}'  # noqa: S608


def _value(table: str, name: str, type_: str, copies: Copies, willing_until: date) -> str:
    """What stands in a column of a copy, as SQL."""
    own = {**EXPRESSIONS, **OF_A_TABLE.get(table, {}), **(_willing(copies, willing_until) if table == "worker" else {})}
    if name in OF_A_FIRM or (table, name) in IDS_OF_FIRMS:
        value = f"CASE WHEN firm IS NULL THEN {{0}} ELSE (firm || right({{0}}::text, -8))::{type_} END"
    elif name in own:
        value = own[name]
    elif name in THE_SAME:
        value = "{0}"
    else:
        value = {"uuid": "(prefix || right({0}::text, -8))::uuid", "date": f"{{0}} + n % {DAYS}"}.get(type_, "{0}")
    return value.format(f'one."{name}"')


def _willing(copies: Copies, until: date) -> dict[str, str]:
    """Those who were not placed wait: half of them are willing, of registration's columns and of docking's."""
    waits, day = f"n >= {copies.of(PLACEMENTS)} AND n % 2 = 0", f"date '{until}'"
    registered = f"{waits} AND one.willingness <> 'none' AND one.validity = 'active'"
    known = f"{waits} AND one.willing_since IS NOT NULL AND NOT one.suspended"
    return {
        "destinations": f"CASE WHEN {waits} AND cardinality({{0}}) > 0 THEN {DESTINATIONS} ELSE {{0}} END",
        "offered_occupations": f"CASE WHEN {waits} AND cardinality({{0}}) > 0 THEN {OCCUPATIONS} ELSE {{0}} END",
        "wanted": f"CASE WHEN {waits} AND cardinality({{0}}) > 0 THEN {OCCUPATIONS} ELSE {{0}} END",
        "willingness": f"CASE WHEN {registered} THEN 'willing' ELSE {{0}} END",
        "expires_on": f"CASE WHEN {registered} THEN {day} - n % 150 ELSE {{0}} END",
        "willing": f"CASE WHEN {known} THEN true ELSE {{0}} END",
        "willing_until": f"CASE WHEN {known} THEN {day} ELSE {{0}} END",
    }


# --- personal data ----------------------------------------------------------------------------------------------------
def vault_keys(variables: Mapping[str, str]) -> tuple[bytes, bytes]:
    return base64.b64decode(variables["REGISTRATION_MASTER_KEY"]), base64.b64decode(variables["REGISTRATION_LOOKUP_KEY"])


async def seal_all(url: str, keys: tuple[bytes, bytes], report: ReportStep) -> int:
    """Personal data of their own, sealed, for every worker that has none. Returns how many."""
    conn = await asyncpg.connect(url, command_timeout=None)
    try:
        await conn.execute("SET synchronous_commit = off")
        workers = await conn.fetch("SELECT worker, county, birth_year FROM worker LEFT JOIN personal USING (worker) WHERE personal IS NULL")
        parts = [workers[start : start + SEALED_AT_ONCE] for start in range(0, len(workers), SEALED_AT_ONCE)]
        loop, done = asyncio.get_running_loop(), 0
        with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
            made = [loop.run_in_executor(pool, _seal, keys, [tuple(row) for row in part]) for part in parts]
            for each in made:
                rows = await each
                await conn.copy_records_to_table("personal", records=rows, columns=PERSONAL)
                done += len(rows)
                report(f"screens: {done:,} people's data are sealed")
        return done
    finally:
        await conn.close()


PERSONAL = ("worker", "ciphertext", "wrapped_key", "id_hash", "blocking_hash")


def _seal(keys: tuple[bytes, bytes], workers: Sequence[tuple[UUID, str, int]]) -> list[tuple[UUID, bytes, bytes, bytes, bytes]]:
    return asyncio.run(_sealed_all(Vault(KeyRing(LocalKeys(keys[0])), lookup_key=keys[1]), workers))


async def _sealed_all(vault: Vault, workers: Sequence[tuple[UUID, str, int]]) -> list[tuple[UUID, bytes, bytes, bytes, bytes]]:
    chosen = random.Random(workers[0][0].int)
    enclosed, hashes = [], []
    for worker, county, year in workers:
        born = date(year, 1, 1) + timedelta(days=chosen.randrange(365))
        name = chosen.choice(SURNAMES) + chosen.choice(GIVEN) + chosen.choice(GIVEN)
        spelt, number = f"ZHANG {chosen.randrange(10**6):06d}", f"{county}{born:%Y%m%d}{chosen.randrange(1000):03d}X"
        data = PersonalData(name=name, name_pinyin=spelt, birth_date=born, id_number=number, phone=f"138{chosen.randrange(10**8):08d}")
        enclosed.append(enclose(WorkerId(worker), data))
        hashes.append((vault.id_hashes(number)[0], vault.blocking_hashes(spelt, born, CountyCode(county))[0]))
    sealed = await vault.seal_all(enclosed)
    return [(one.worker, held.ciphertext, held.wrapped_key, *found) for one, held, found in zip(enclosed, sealed, hashes, strict=True)]


# --- the server -------------------------------------------------------------------------------------------------------
async def set_quick(url: str, quick: bool) -> None:
    """Whether the server spares what keeps it from losing anything: only while it is filled."""
    conn = await asyncpg.connect(url)
    try:
        for setting in QUICKLY:
            await conn.execute(f"ALTER SYSTEM {'SET ' + setting if quick else 'RESET ' + setting.partition(' ')[0]}")
        await conn.execute("SELECT pg_reload_conf()")
    finally:
        await conn.close()


async def settle(url: str) -> None:
    """What autovacuum would have come round to."""
    conn = await db.connect(url, application="bench", seconds=1200)
    try:
        await conn.execute("VACUUM ANALYZE")
        await conn.execute("CHECKPOINT")
    finally:
        await conn.close()
