"""Requests that schemathesis makes of a service's OpenAPI document: of the form it describes, and of others; each answer is held to it.

    python -m tests.fuzz.schemas --examples 100 --seed 7

asks the five services of a stack of its own; the test asks a few of each service alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from console.services import SERVICES
from shared.principals import Role
from tests.contracts import openapi
from tests.support.answers import mismatches
from tests.support.journey import local_stack

Token = Callable[[Role], str]
ENDLESS = {"/stream"}  # answers as long as somebody listens
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
SECONDS = 60.0  # that an answer may take


@dataclass(slots=True)
class Asked:
    """What the requests came to. `wrong`: what was not as the document has it, each kind once."""

    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    wrong: dict[str, str] = field(default_factory=dict)

    def add(self, operation: Any, case: Any, answer: Any) -> None:
        self.statuses[answer.status_code] += 1
        self.operations.add(operation.label)
        for line in wrong_in(operation, answer):
            self.wrong.setdefault(f"{operation.label}: {line[:300]}", case.as_curl_command({"authorization": "Bearer ..."})[:1500])


def wrong_in(operation: Any, answer: Any) -> Iterator[str]:
    """5xx but 503, which asks to be asked again; a status, a type or a body that the document does not describe."""
    document, status = operation.schema.raw_schema, str(answer.status_code)
    if answer.status_code >= 500:
        yield f"answers {status}: {answer.text[:200]}"
        return
    described = operation.definition.raw["responses"]
    kind = next(iter(answer.headers.get("content-type") or [""])).partition(";")[0]
    if status not in described and answer.status_code not in UNDESCRIBED:
        yield f"answers {status}, which is not described: {answer.text[:200]}"
    elif answer.status_code >= 400:
        if kind != "application/problem+json" or answer.json().get("status") != answer.status_code:
            yield f"answers {status} with no problem: {kind} {answer.text[:200]}"
    elif status in described and (content := described[status].get("content")):
        if kind not in content:
            yield f"answers {kind}, not one of {sorted(content)}"
        elif kind == "application/json":
            yield from mismatches(document, content[kind]["schema"], answer.json(), "body")


UNDESCRIBED = frozenset({400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429})


def ask(service: str, address: str, token: Token, *, examples: int, number: int, modes: Sequence[GenerationMode] = MODES) -> Asked:
    """So many requests of each kind (as described, or not) to every operation."""
    asked = Asked()
    schema = schemathesis.openapi.from_dict(openapi.document(service))
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation: Any = cast("Any", found).ok()
            if operation.path not in ENDLESS:
                for mode in modes:
                    _ask(session, address, token, operation, mode, (examples, number), asked)
    return asked


def _ask(
    session: requests.Session,
    address: str,
    token: Token,
    operation: Any,
    mode: GenerationMode,
    how: tuple[int, int],
    asked: Asked,
) -> None:
    examples, number = how
    roles = operation.definition.raw.get("x-roles") or [Role.OFFICER]

    @seed(number)
    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=mode), st.sampled_from(roles))
    def send(case: Any, role: str) -> None:
        headers = {"authorization": f"Bearer {token(Role(role))}"}
        if case.method != "GET":
            headers["idempotency-key"] = uuid.uuid4().hex
        answer = case.call(base_url=address, headers=headers, session=session, timeout=SECONDS)
        asked.add(operation, case, answer)

    with suppress(Unsatisfiable):  # nothing to negate where it takes no parameter and no body
        send()


# --- against a stack ------------------------------------------------------------------------------------------------------
async def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--examples", type=int, default=50, help="requests of each kind to each operation")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args(arguments)
    _say(f"seed {asked.seed}")
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="laowu-schemas-") as folder:
        async with local_stack(Path(folder)) as running:
            for service in SERVICES:
                found = await asyncio.to_thread(
                    ask, service, running.addresses[service], running.token, examples=asked.examples, number=asked.seed
                )
                _say(f"{service}: {found.statuses.total():,} requests, {dict(sorted(found.statuses.items()))}")
                for line, command in found.wrong.items():
                    _say(f"WRONG {line}\n  {command}")
                wrong += len(found.wrong)
    return 1 if wrong else 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
