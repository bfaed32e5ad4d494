"""What a process logs: one line per entry, with its trace, and nothing that somebody has entered."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared import logs, traces
from shared.errors import NotFound
from shared.principals import Role
from tests.support.http import Client, Start
from tests.support.registration import GANSU, JUNE, AWorker

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADER = f"00-{TRACE}-00f067aa0ba902b7-01"
SOMEBODY = AWorker(name="欧阳娜娜").verified().calling("13812345678")
SECRETS = ("欧阳娜娜", "13812345678", str(SOMEBODY.id_number), SOMEBODY.birth_date.isoformat())


class Log:
    """What the root logger writes meanwhile, in both forms."""

    def __init__(self) -> None:
        self.json, self.text = io.StringIO(), io.StringIO()

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.json.getvalue().splitlines()]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    root, written = logging.getLogger(), Log()
    handlers, level = root.handlers[:], root.level
    made = []
    for form, stream in (("json", written.json), ("text", written.text)):
        monkeypatch.setattr("sys.stderr", stream)
        logs.configure_logging("registration", "INFO", form)  # type: ignore[arg-type]  # one of the two
        made += root.handlers
    root.handlers[:] = made
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


async def register(client: Start, breaking: str) -> Client:
    """A worker is registered while the database has a defect; the answer is 500."""
    served = await client("registration")
    async with served.database.connection() as conn:
        await conn.execute(breaking)
    clerk = replace(served.speaking_as(Role.CLERK, regions=GANSU), at=JUNE)
    headers = {"content-type": "application/json", "traceparent": HEADER}
    answer = await clerk.send("POST", "/workers", data=json.dumps(SOMEBODY.body()).encode(), headers=headers)
    assert (answer.status, answer.code) == (500, "INTERNAL")
    return clerk


# PostgreSQL's message about the first is "Failing row contains (...)", about the second it is what somebody wrote into the trigger.
CHECK = "ALTER TABLE worker ADD CONSTRAINT nobody_of_1990 CHECK (birth_year <> 1990)"
TRIGGER = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room for 欧阳娜娜 of 13812345678'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON worker FOR EACH ROW EXECUTE FUNCTION refuse()
"""


@pytest.mark.parametrize(("breaking", "kind"), [(CHECK, "(23514, nobody_of_1990)"), (TRIGGER, "(P0001)")], ids=["check", "trigger"])
async def test_a_crash_is_logged_under_its_trace_by_kind_and_place_alone(client: Start, log: Log, breaking: str, kind: str) -> None:
    await register(client, breaking)
    [crash] = [entry for entry in log.entries if entry["logger"] == "laowu.http"]
    assert (crash["service"], crash["level"], crash["trace_id"]) == ("registration", "ERROR", TRACE)
    assert crash["message"] == "POST /workers failed"
    assert crash["error"].startswith("Traceback (most recent call last):\n")
    assert crash["error"].endswith(kind)
    assert "usecases/workers.py" in crash["error"]
    for written in (log.json.getvalue(), log.text.getvalue()):
        assert not [secret for secret in (*SECRETS, "Failing row", "no room") if secret in written]
        assert TRACE in written


async def test_what_is_refused_is_not_logged(client: Start, log: Log) -> None:
    served = await client("registration")
    clerk = replace(served.speaking_as(Role.CLERK, regions=GANSU), at=JUNE)
    assert (await clerk.post("/workers", SOMEBODY.body(education=SOMEBODY.id_number))).status == 422
    assert (await clerk.post("/workers", {"name": ["欧阳娜娜"]})).status == 422
    assert not [entry for entry in log.entries if entry["level"] != "INFO"]
    assert not [secret for secret in SECRETS if secret in log.text.getvalue()]


def test_a_line_belongs_to_the_trace_of_what_is_being_done(log: Log) -> None:
    logger = logging.getLogger("laowu.test")
    with traces.under(HEADER):
        logger.warning("one %s", "two\nthree")
    logger.warning("outside")
    first, second = log.entries
    assert (first["message"], first["trace_id"]) == ("one two\nthree", TRACE)
    assert "trace_id" not in second
    assert f"three trace_id={TRACE}\n" in log.text.getvalue()
    assert log.text.getvalue().endswith("outside\n")


def test_a_traceback_shows_causes_and_messages_of_our_own_errors_only(log: Log) -> None:
    try:
        try:
            int("欧阳娜娜")
        except ValueError as error:
            raise NotFound("no such worker") from error
    except NotFound:
        logging.getLogger("laowu.test").exception("failed")
    [entry] = log.entries
    assert entry["error"].splitlines()[-1] == "NotFound: no such worker"
    assert "builtins.ValueError\n" in entry["error"]
    assert "欧阳娜娜" not in json.dumps(log.entries, ensure_ascii=False).replace('int(\\"欧阳娜娜\\")', "")
