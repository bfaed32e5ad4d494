"""Control totals: what the old system counted, what its lists hold, what the services hold in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from console.cut_over.old_lists import KINDS, MATCHES, ORDERS, PLACEMENTS, TOTALS, WORKERS, FolderRefused, OldList, required
from console.local.regions import RegionUnclear, region_code
from shared import words
from shared.principals import NATION
from shared.reference import province_of
from shared.sheets.cells import CellRefused, read_number
from shared.sheets.tables import Row

FIGURES = "figures"
MEASURES = {*((kind, "count") for kind in KINDS), (ORDERS, "positions"), (FIGURES, "stock")}
BY_REGION = (WORKERS, PLACEMENTS, MATCHES, FIGURES)
_LARGEST = 10**12


class Control(NamedTuple):
    """What is counted; `region` "": everywhere."""

    kind: str
    measure: str
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One total, counted three times. `listed` None: no list holds it; `now` None: nobody was asked yet."""

    control: Control
    old: int
    listed: int | None
    now: int | None = None

    @property
    def difference(self) -> int:
        """Of what counts in the end, from what the old system had."""
        counted = self.listed if self.now is None else self.now
        return 0 if counted is None else counted - self.old


def read_totals(totals: OldList, lists: Mapping[str, OldList]) -> dict[Control, int]:
    """Raises FolderRefused: a total that nothing can be compared with, a list without one."""
    found: dict[Control, int] = {}
    for row in totals.table.rows:
        control, expected = _read(totals, row)
        if control in found:
            raise FolderRefused(f"{totals.path}: row {row.number}: this total is there twice")
        if control.kind in KINDS and control.kind not in lists:
            raise FolderRefused(f"{totals.path}: row {row.number}: there is no {control.kind}.csv beside it")
        found[control] = expected
    for kind in lists:
        if Control(kind, "count") not in found:
            raise FolderRefused(f"{totals.path}: no row says how many {kind} the old system counts: {kind},count,,NUMBER")
    return found


def _read(totals: OldList, row: Row) -> tuple[Control, int]:
    def refuse(what: str) -> FolderRefused:
        return FolderRefused(f"{totals.path}: row {row.number}: {what}")

    if row.refused or not all(name in row.cells for name in required(TOTALS)):
        raise refuse("kind, measure and expected are needed")
    kind, measure, typed = row.cells["kind"].lower(), row.cells["measure"].lower(), row.cells.get("region", "")
    if (kind, measure) not in MEASURES:
        raise refuse(f"{kind} {measure} is none of {', '.join(sorted(' '.join(one) for one in MEASURES))}"[:400])
    try:
        region = "" if not typed or region_code(typed) == NATION else province_of(region_code(typed))
        expected = read_number(row.cells["expected"])
    except RegionUnclear as unclear:
        raise refuse(str(unclear)) from None
    except CellRefused:
        raise refuse("expected is no number") from None
    if expected != int(expected) or not 0 <= expected <= _LARGEST:
        raise refuse("expected is no number of things")
    if region and kind not in BY_REGION:
        raise refuse(f"{kind} have no region")
    return Control(kind, measure, region), int(expected)


def count_lists(lists: Mapping[str, OldList]) -> Counter[Control]:
    """Every total of the lists. A row whose cells cannot be read counts in the nation all the same."""
    counted: Counter[Control] = Counter()
    provinces = _provinces(lists.get(WORKERS))
    for kind, one in lists.items():
        counted[Control(kind, "count")] = len(one.table.rows)
        for row in one.table.rows:
            placed = kind in (PLACEMENTS, MATCHES)
            province = provinces.get(row.cells.get("worker", "")) if placed else _province(row) if kind == WORKERS else None
            if province is not None:
                counted[Control(kind, "count", province)] += 1
            if kind == ORDERS:
                counted[Control(ORDERS, "positions")] += _positions(row)
    return counted


def _provinces(workers: OldList | None) -> dict[str, str]:
    """By the worker's old number."""
    found: dict[str, str] = {}
    for row in workers.table.rows if workers else ():
        if (province := _province(row)) is not None:
            found.setdefault(row.cells.get("old_number", ""), province)
    return found


def _province(worker: Row) -> str | None:
    """Of the county, whose name may stand behind those of its province and prefecture; None: it cannot be read."""
    cells = worker.cells
    county, above = cells.get("county", ""), cells.get("province", "") + cells.get("city", "")
    try:
        return province_of(words.read_county(county if county.isdecimal() or county.startswith(above) else above + county))
    except CellRefused:
        return None


def _positions(row: Row) -> int:
    try:
        number = read_number(row.cells.get("positions", ""))
    except CellRefused:
        return 0
    return int(number) if number == int(number) else 0


def reconcile(old: Mapping[Control, int], listed: Mapping[Control, int], now: Mapping[Control, int] | None = None) -> list[Reconciled]:
    """By kind, measure and region. `now`: as the services count."""
    return [
        Reconciled(
            control=control,
            old=expected,
            listed=None if control.kind == FIGURES else listed.get(control, 0),
            now=None if now is None else now.get(control, 0),
        )
        for control, expected in sorted(old.items())
    ]
