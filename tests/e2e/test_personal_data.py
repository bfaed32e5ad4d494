"""Personal data are in registration's vault, encrypted, and nowhere else: in no topic, log, metric, file or other database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from console.api_client import ApiClient, RequestRefused, wait_until_all_applied
from console.commands.person import everything_about
from shared.principals import Role
from tests.e2e.walk import Walked
from tests.support import recount
from tests.support.journey import RunningStack, Venture, label
from tests.support.tables import tables_with

pytestmark = pytest.mark.compose

MAPS = {".index", ".timeindex"}  # Kafka's own, 10 MB each whatever is in them: offsets and times


def spellings(secrets: Iterable[str]) -> list[bytes]:
    """As UTF-8, in lower case, without spaces, and as JSON escapes it."""
    return sorted(
        {
            form.encode()
            for secret in secrets
            for written in (secret.lower(), secret.lower().replace(" ", ""))
            for form in (written, json.dumps(written)[1:-1])
        }
    )


def found_in(content: bytes, needles: Iterable[bytes]) -> bool:
    lowered = content.lower()
    return any(needle in lowered for needle in needles)


async def topics_with(running: RunningStack, needles: list[bytes]) -> list[str]:
    """Topics of which a record's key, value or header has one."""
    records = await recount.every_record(running.kafka)
    return sorted(
        {
            record.topic
            for record in records
            if found_in(b"\n".join([record.key or b"", record.value or b"", *(value for _, value in record.headers)]), needles)
        }
    )


async def databases_with(running: RunningStack, needles: list[bytes]) -> list[str]:
    """Tables of which a row has one, in whatever column."""
    found = []
    for service, url in running.databases.items():
        conn = await asyncpg.connect(url)
        try:
            found += [f"{service}.{table}" for table in await tables_with(conn, [needle.decode() for needle in needles])]
        finally:
            await conn.close()
    return found


def files_with(folder: Path, needles: list[bytes]) -> list[str]:
    """Everything the stack wrote: logs, PostgreSQL's files and its write-ahead log, Kafka's segments, settings."""
    return [str(path) for path in _written(folder) if found_in(path.read_bytes(), needles)]


def _written(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in MAPS)


async def metrics_with(running: RunningStack, client: ApiClient, needles: list[bytes]) -> list[str]:
    return [service for service in running.addresses if found_in(await client.get(service, "/metrics"), needles)]


async def passed_through_every_route(walked: Walked, client: ApiClient) -> None:
    """Every other way the data take through registration: entered again, refused, looked up, shown."""
    clerk, person = Venture(client).on(date(2019, 1, 10), Role.CLERK), walked.person
    again = {
        "name": person.name,
        "name_pinyin": person.name_pinyin,
        "id_number": person.id_number,
        "phone": person.phone,
        "birth_date": person.birth_date.isoformat(),
        "sex": "male",
        "county": person.county,
        "education": 3,
        "occupations": ["7112"],
    }
    assert (await clerk.post("registration", "/workers", again, label()))["possible_duplicates"] >= 1
    for field in ("education", "sex", "county", "birth_date"):
        with pytest.raises(RequestRefused):
            await clerk.post("registration", "/workers", {**again, field: person.id_number, "name_pinyin": person.name}, label())
    assert (await clerk.post("registration", "/workers/lookup", {"id_number": person.id_number, "reason": "identify_worker"}, label()))[
        "items"
    ]
    shown = await clerk.post("registration", f"/workers/{walked.worker}/personal-data", {"reason": "contact_worker"}, label())
    assert (shown["name"], shown["id_number"], shown["phone"]) == (person.name, person.id_number, person.phone)


async def test_name_number_and_phone_are_nowhere_in_clear(walked: Walked, running: RunningStack, client: ApiClient) -> None:
    await passed_through_every_route(walked, client)
    await wait_until_all_applied(client)
    needles = spellings(walked.person.secrets)
    assert await topics_with(running, needles) == []
    assert await databases_with(running, needles) == []
    assert await metrics_with(running, client, needles) == []
    if running.home is not None:
        assert files_with(running.home.folder, needles) == []


async def test_a_worker_can_have_everything_that_is_held_given_out(walked: Walked, client: ApiClient) -> None:
    await wait_until_all_applied(client)
    clerk = Venture(client).on(date(2019, 1, 10), Role.CLERK)
    number = (await clerk.get("registration", f"/workers/{walked.worker}"))["worker_no"]
    held = await everything_about(clerk, number, "worker_asked")
    personal = held["registration"]["personal"]
    assert (personal["name"], personal["id_number"], personal["phone"]) == (
        walked.person.name,
        walked.person.id_number,
        walked.person.phone,
    )
    assert held["registration"]["tables"]["personal_data_access"][-1]["kind"] == "copied"
    assert {"worker", "placement", "dispatch", "history"} <= set(held["docking"])
    assert {"need", "enrolment", "attendance", "certificate"} <= set(held["training"])
    assert {"ledger", "income", "finding", "rights_case"} <= set(held["rights"])
    assert all(row["worker"] == walked.worker for row in held["docking"]["placement"] + held["training"]["enrolment"])


async def test_the_search_finds_the_id_of_the_worker(walked: Walked, running: RunningStack, client: ApiClient) -> None:
    worker = spellings([walked.worker])
    assert {"registration.events", "docking.events", "training.events", "rights.events"} <= set(await topics_with(running, worker))
    assert {"registration.worker", "docking.placement", "rights.ledger"} <= set(await databases_with(running, worker))
    assert len(await metrics_with(running, client, [b"laowu_http_seconds"])) == len(running.addresses)
    if running.home is not None:
        assert any("postgres" in name for name in files_with(running.home.folder, worker))
