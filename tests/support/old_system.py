"""The folder of a cut-over: what an invented old system has under way, and its totals."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from tests.support.registration import an_id

Lines = list[dict[str, str]]
GANSU, SHANDONG = "621126", "370102"
JAPAN = {"destination": "JPN", "occupation": "7112", "channel": "labour_cooperation", "wage_currency": "JPY", "wage_period": "month"}


def a_licence() -> str:
    """Of an enterprise that nobody else has."""
    return f"LW{secrets.randbelow(10_000):04d}20{secrets.randbelow(1_000_000):06d}"


@dataclass(slots=True)
class OldSystem:
    """Two enterprises, two open orders, workers of two provinces: all but two are abroad, and these matched, one with a contract."""

    workers_abroad: int = 6
    name: str = field(default_factory=lambda: f"old-{secrets.token_hex(5)}")
    licences: tuple[str, str] = field(default_factory=lambda: (a_licence(), a_licence()))
    lists: dict[str, Lines] = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = range(1, self.workers_abroad + 3)
        self.lists = {
            "enterprises": [_enterprise(licence) for licence in self.licences],
            "orders": [_order(f"O-{number}", self.licences[number - 1], 5 * number) for number in (1, 2)],
            "workers": [_worker(number) | (_offer() if number > self.workers_abroad else {}) for number in people],
            "placements": [_placement(number, self.licences[number % 2]) for number in people[:-2]],
            "matches": [_match(people[-2], "O-1", signed=True), _match(people[-1], "O-2", signed=False)],
        }
        shandong = [number for number in people if number % 3 == 0]
        self.lists["totals"] = [
            _total("enterprises", "count", 2),
            _total("orders", "count", 2),
            _total("orders", "positions", 15),
            _total("workers", "count", len(people)),
            _total("workers", "count", len(shandong), "山东省"),
            _total("workers", "count", len(people) - len(shandong), "620000"),
            _total("matches", "count", 2),
            _total("placements", "count", self.workers_abroad),
            _total("placements", "count", len([number for number in shandong if number <= self.workers_abroad]), "370000"),
        ]

    def counting_stock(self) -> OldSystem:
        """What stats says of a stack where nobody else is abroad is among the totals."""
        placed = [one for one in self.lists["totals"] if one["kind"] == "placements"]
        self.lists["totals"] += [one | {"kind": "figures", "measure": "stock"} for one in placed]
        return self

    def row(self, kind: str, number: str) -> dict[str, str]:
        return next(one for one in self.lists[kind] if one.get("old_number") == number)

    def write(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        for kind, rows in self.lists.items():
            write_list(folder / f"{kind}.csv", rows)
        return folder


def write_list(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _total(kind: str, measure: str, expected: int, region: str = "") -> dict[str, str]:
    return {"kind": kind, "measure": measure, "region": region, "expected": f"{expected:,}"}


def _enterprise(licence: str) -> dict[str, str]:
    return {
        "licence_no": licence,
        "name": f"Old Labour Cooperation {licence}",
        "scope": "labour_cooperation;seafarer",
        "valid_to": "2099-12-31",
        "reserve": "3000000",
    }


def _order(number: str, licence: str, positions: int) -> dict[str, str]:
    more = {"employer": "Kansai Foods", "positions": str(positions), "wage": "180000", "term_months": "36"}
    return {"old_number": number, "licence_no": licence, **JAPAN, **more}


def _worker(number: int) -> dict[str, str]:
    return {
        "old_number": f"人-{number}",
        "name": f"王旧{chr(0x4E00 + number)}",
        "birth_date": f"199{number % 10}-03-04",
        "sex": "female",
        "county": SHANDONG if number % 3 == 0 else GANSU,
        "education": "2",
        "occupations": "7112",
        "registered_on": "2024-01-10",
    }


def _placement(number: int, licence: str) -> dict[str, str]:
    return {
        "old_number": f"P-{number}",
        "worker": f"人-{number}",
        "licence_no": licence,
        **JAPAN,
        "departed_on": "2024-05-01",
        "port": "CNSHA",
        "contract_no": f"OLD-{number}",
        "wage": "180,000",
        "pay_day": "10",
        "start": "2024-05-01",
        "end": "2027-04-30",
    }


def _offer() -> dict[str, str]:
    """Who is matched is verified, and willing to go there."""
    born = date(1990, 1, 1) + timedelta(days=secrets.randbelow(3000))
    seen = {"birth_date": born.isoformat(), "id_number": an_id(born, "female", serial=secrets.randbelow(450)), "id_checked": "yes"}
    return {**seen, "destinations": "JPN", "family_consent": "yes", "registered_on": ""}


def _match(worker: int, order: str, *, signed: bool) -> dict[str, str]:
    match = {"old_number": f"M-{worker}", "worker": f"人-{worker}", "order": order}
    terms = _placement(worker, "")
    names = ("contract_no", "wage", "wage_currency", "wage_period", "pay_day", "start", "end")
    return match | ({name: terms[name] for name in names} if signed else {})


@contextmanager
def changed(row: dict[str, str], **cells: str) -> Iterator[None]:
    """The row with other cells, for as long as it takes."""
    before = dict(row)
    row.update(cells)
    try:
        yield
    finally:
        row.clear()
        row.update(before)
