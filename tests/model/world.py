"""The five services under random commands: who speaks, what day it is, and the ids that answers have named so far."""

from __future__ import annotations

import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from console.api_client import ApiClient, RequestRefused
from shared.principals import Role
from shared.values import PROGRAMME_ZONE

COUNTIES = ("621126", "620102", "370102", "511126", "440103", "610102")
DESTINATIONS = ("JPN", "SGP", "DZA")
OCCUPATIONS = ("7112", "9112")
CENTRES = ("centre-1", "centre-2")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FIRST_DAY = date(2018, 1, 8)


@dataclass(slots=True)
class Model:
    """`known`: by the name under which answers gave them, the ids that later commands may use."""

    client: ApiClient
    chance: Random
    day: date = FIRST_DAY
    moment: int = 0  # minutes after nine o'clock: what comes later was recorded later
    known: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    seen: set[tuple[str, str]] = field(default_factory=set)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def speaking_as(self, role: Role, party: str | None = None) -> ApiClient:
        self.moment = min(self.moment + 1, 14 * 60)
        at = datetime.combine(self.day, time(9), PROGRAMME_ZONE) + timedelta(minutes=self.moment)
        return self.client.as_role(role, party).on(at)

    def pass_days(self, days: int) -> None:
        self.day += timedelta(days=days)
        self.moment = 0

    def one_of(self, kind: str) -> str | None:
        """A recent id more often than an old one."""
        ids = self.known[kind]
        return ids[-1 - min(int(self.chance.expovariate(0.2)), len(ids) - 1)] if ids else None

    async def command(
        self, service: str, path: str, body: Any, *, role: Role = Role.OFFICER, party: str | None = None, name: str = ""
    ) -> Any:
        """The answer, or None: refused. A refusal names a code; anything else that goes wrong is a fault and raises."""
        name = name or f"{service} {path.rpartition('/')[2]}"
        try:
            answer = await self.speaking_as(role, party).post(service, path, body, secrets.token_hex(8))
        except RequestRefused as refused:
            if refused.status >= 500 or not refused.code:
                raise
            self.outcomes[name, refused.code] += 1
            return None
        self.outcomes[name, "done"] += 1
        self.learn(answer)
        return answer

    def learn(self, answer: Any) -> None:
        for name, value in _ids(answer):
            if (name, value) not in self.seen:
                self.seen.add((name, value))
                self.known[name].append(value)


def _ids(answer: Any) -> Iterator[tuple[str, str]]:
    """(name, value) of every id and number in an answer."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if isinstance(value, str) and (_is_id(value) or name in ("worker_no", "serial")):
                yield name, value
            else:
                yield from _ids(value)
    elif isinstance(answer, list):
        for one in answer:
            yield from _ids(one)


def _is_id(text: str) -> bool:
    return ID.fullmatch(text) is not None
