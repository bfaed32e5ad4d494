"""Workers and worker lists to register. Every person is invented; identity numbers are only right in their form."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.registration.domain.identity import check_character
from services.registration.domain.stays import Stay
from services.registration.queries import stays
from shared.values import PlacementId, WorkerId, new_id
from tests.support.http import Answer, Client

_serials = itertools.count(1)
GANSU = ("620000",)
JUNE = datetime(2018, 6, 1, 4, tzinfo=UTC)
WELL_KNOWN_COUNTY = "621126"  # on the national list


def an_id(born: date = date(1990, 5, 17), sex: str = "male", place: str = "621126", serial: int | None = None) -> str:
    """A resident identity number for that birth date and sex; without a serial, one not given before in this run (300 per day)."""
    number = next(_serials) % 450 if serial is None else serial
    order = number * 2 + (sex == "male")
    digits = f"{place}{born:%Y%m%d}{order:03d}"
    return digits + check_character(digits)


def a_worker_no(number: int) -> str:
    """As the database writes it."""
    digits = f"{number:08d}"
    return f"W{digits}-{check_character(digits)}"


@dataclass(frozen=True, kw_only=True)
class AWorker:
    name: str = "李明"
    county: str = WELL_KNOWN_COUNTY
    birth_date: date = date(1990, 5, 17)
    sex: str = "male"
    id_number: str | None = None
    id_checked: bool = False
    phone: str | None = None
    registered_on: str | None = None

    def from_county(self, code: str) -> AWorker:
        return replace(self, county=code)

    def named(self, name: str) -> AWorker:
        return replace(self, name=name)

    def with_id(self, number: str | None = None) -> AWorker:
        return replace(self, id_number=number or an_id(self.birth_date, self.sex))

    def verified(self) -> AWorker:
        return replace(self.with_id(self.id_number), id_checked=True)

    def calling(self, phone: str) -> AWorker:
        return replace(self, phone=phone)

    def registered(self, day: str) -> AWorker:
        return replace(self, registered_on=day)

    def body(self, **changes: Any) -> dict[str, Any]:
        filled: dict[str, Any] = {
            "name": self.name,
            "county": self.county,
            "birth_date": self.birth_date.isoformat(),
            "sex": self.sex,
            "education": 3,
            "occupations": ["7112"],
            "id_number": self.id_number,
            "id_checked": self.id_checked,
            "phone": self.phone,
            "registered_on": self.registered_on,
        }
        return {name: value for name, value in (filled | changes).items() if value is not None}

    async def at(self, registration: Client) -> str:
        """Registered there: the worker's id."""
        answer = await registration.post("/workers", self.body())
        assert answer.status == 201, answer.body
        return str(answer.body["worker"])


def a_worker() -> AWorker:
    return AWorker()


def an_offer(**changes: Any) -> dict[str, Any]:
    return {"destinations": ["JPN"], "family_consent": True} | changes


async def willing(registration: Client, worker: str, **changes: Any) -> Answer:
    answer = await registration.post(f"/workers/{worker}/willingness", an_offer(**changes))
    assert answer.status == 200, answer.body
    return answer


# --- lists --------------------------------------------------------------------------------------------------------
def a_row(**changes: str) -> dict[str, str]:
    return {
        "name": "王芳",
        "birth_date": "1992-03-04",
        "sex": "female",
        "county": WELL_KNOWN_COUNTY,
        "education": "2",
        "occupations": "7531",
    } | changes


def as_csv(rows: list[dict[str, str]]) -> bytes:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def a_list_of(count: int) -> list[dict[str, str]]:
    """Rows of different people, every third with an offer."""
    rows = []
    for number in range(count):
        row = a_row(name=f"王芳{chr(0x4E00 + number % 5000)}", id_number=an_id(date(1992, 3, 4), "female", serial=number % 490))
        row |= {"destinations": "JPN;SGP", "family_consent": "yes", "wage_floor": "4500", "wage_currency": "CNY"} if number % 3 == 0 else {}
        rows.append(row)
    return rows


async def went_abroad(registration: Client, worker: str, departed: str, returned: str | None = None) -> None:
    back = date.fromisoformat(returned) if returned else None
    async with registration.database.transaction(registration.database.system_cause()) as tx:
        await stays.update_all(tx, [Stay(PlacementId(new_id()), WorkerId(UUID(worker)), date.fromisoformat(departed), back)])
