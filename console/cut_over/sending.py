"""What the lists hold and the services do not, sent through the services' own APIs.

What is here already is known by its old number, or by its licence, and is left out: a run that was killed, or whose refused rows were
mended, goes on where it was. A worker is registered and known by the number in one transaction, a placement too.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.api_client import ApiClient, RequestRefused, wait_until_all_applied, wait_until_applied
from console.cut_over import bodies
from console.cut_over.bodies import Cells, column_of, read_cells
from console.cut_over.old_lists import ENTERPRISES, MATCHES, ORDERS, PLACEMENTS, WORKERS, OldList, worker_rows
from console.cut_over.totals import FIGURES, Control
from shared.reference import province_of
from shared.sheets.findings import Finding, Message
from shared.sheets.tables import Row

ASKED_AT_ONCE = 100  # old numbers in a URL
WORKERS_AT_ONCE = 1000  # of one list that is imported: what a dry run names findings of
PLACEMENTS_AT_ONCE = 200
BEFORE_DEPARTURE = ("matched", "clearance_requested", "cleared")  # somebody may go on with a match before its number is recorded
SERVICE_OF = {
    WORKERS: ("registration", "worker"),
    ORDERS: ("docking", "order"),
    PLACEMENTS: ("docking", "placement"),
    MATCHES: ("docking", "placement"),
}


@dataclass(slots=True, kw_only=True)
class CutOver:
    """Lists on their way in. `known`: by kind, old number or licence -> id, of what is here. `messages`: registration's, by code."""

    client: ApiClient
    system: str
    lists: Mapping[str, OldList]
    on_message: Callable[[str], None]
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    _listed: dict[str, frozenset[str]] = field(default_factory=dict)

    def refuse(self, kind: str, found: Sequence[Finding]) -> None:
        self.findings.setdefault(kind, []).extend(found)

    @property
    def refused(self) -> bool:
        return any(finding.severity == "error" for found in self.findings.values() for finding in found)

    def listed(self, kind: str) -> frozenset[str]:
        """The numbers of a list's rows."""
        if kind not in self._listed:
            self._listed[kind] = frozenset(self.lists[kind].numbers if kind in self.lists else ())
        return self._listed[kind]

    def missing(self, kind: str) -> list[Row]:
        """Rows of what is not here yet."""
        if kind not in self.lists:
            return []
        rows = zip(self.lists[kind].table.rows, self.lists[kind].numbers, strict=True)
        return [row for row, number in rows if number not in self.known[kind]]


# --- what is here -----------------------------------------------------------------------------------------------------
async def look_up(run: CutOver) -> None:
    """What of the lists is here already, and what else they name."""
    named = {kind: set(one.numbers) for kind, one in run.lists.items()}
    for kind in (ORDERS, PLACEMENTS):
        if kind in run.lists:
            named.setdefault(ENTERPRISES, set()).update(row.cells.get("licence_no", "").upper() for row in run.lists[kind].table.rows)
    for kind in (PLACEMENTS, MATCHES):
        if kind in run.lists:
            named.setdefault(WORKERS, set()).update(row.cells.get("worker", "") for row in run.lists[kind].table.rows)
    if MATCHES in run.lists:
        named.setdefault(ORDERS, set()).update(row.cells.get("order", "") for row in run.lists[MATCHES].table.rows)
    for kind in (ENTERPRISES, ORDERS, WORKERS, PLACEMENTS, MATCHES):
        wanted = sorted(named.get(kind, set()) - {""})
        run.known[kind] = await (_enterprises(run, wanted) if kind == ENTERPRISES else _numbers(run, kind, wanted))


async def _enterprises(run: CutOver, licences: Sequence[str]) -> dict[str, str]:
    async def one(licence: str) -> tuple[str, str | None]:
        try:
            found = (await run.client.get("docking", "/enterprises", licence_no=licence))["items"]
        except RequestRefused:  # not of the form of a licence: docking names what is wrong with it when it is sent
            return licence, None
        return licence, found[0]["enterprise"] if found else None

    return {licence: enterprise for licence, enterprise in await asyncio.gather(*map(one, licences)) if enterprise is not None}


async def _numbers(run: CutOver, kind: str, numbers: Sequence[str]) -> dict[str, str]:
    service, key = SERVICE_OF[kind]

    async def some(part: Sequence[str]) -> dict[str, str]:
        query = [("system", run.system), *(("number", number) for number in part)]
        items = (await run.client.get_many(service, "/old-numbers", query))["items"]
        return {one["number"]: one[key] for one in items if one[key] is not None}

    parts = _parts([number for number in numbers if bodies.is_old_number(number)], ASKED_AT_ONCE)
    return {number: subject for found in await asyncio.gather(*map(some, parts)) for number, subject in found.items()}


# --- what would be refused --------------------------------------------------------------------------------------------
async def check(run: CutOver) -> None:
    """Every row that is not here yet: its cells, what it refers to, and of workers what registration finds in a dry run."""
    numbers: defaultdict[object, set[str]] = defaultdict(set)
    for kind, one in run.lists.items():
        seen = numbers[SERVICE_OF.get(kind, kind)]  # docking knows placements and matches by numbers of one kind
        for row, number in zip(one.table.rows, one.numbers, strict=True):
            cells = read_cells(kind, row)
            if number and number in seen:
                cells.refuse(*(("licence_no", "LICENCE_TAKEN") if kind == ENTERPRISES else ("old_number", "OLD_NUMBER_TAKEN")))
            seen.add(number)
            if number not in run.known[kind]:
                _check_references(run, kind, cells)
            run.refuse(kind, cells.findings)
    await _check_workers(run)


def _check_references(run: CutOver, kind: str, cells: Cells) -> None:
    """An order and a placement name an enterprise, a placement and a match a worker, a match an order: of a list, or here already."""
    licence, worker, order = (cells.values.get(name) for name in ("licence_no", "worker", "order"))
    if kind in (ORDERS, PLACEMENTS) and licence and licence not in run.known[ENTERPRISES] and licence not in run.listed(ENTERPRISES):
        cells.refuse("licence_no", "ENTERPRISE_NOT_FOUND")
    if order and order not in run.known[ORDERS] and order not in run.listed(ORDERS):
        cells.refuse("order", "ORDER_NOT_FOUND")
    if kind in (PLACEMENTS, MATCHES) and worker and worker not in run.known[WORKERS] and worker not in run.listed(WORKERS):
        cells.refuse("worker", "WORKER_NOT_FOUND")


async def _check_workers(run: CutOver) -> None:
    """Rows that are refused here already are left out: one remark on a cell is enough."""
    wrong = {finding.row for finding in run.findings.get(WORKERS, ())}
    missing = [row for row in run.missing(WORKERS) if row.number not in wrong]
    for rows in _parts(missing, WORKERS_AT_ONCE):
        content = worker_rows(run.lists[WORKERS], rows, run.system)
        answer = await run.client.upload("registration", "/imports?dry_run=true", content, _label("workers", content))
        _learn(run, rows, answer["findings"])


def _learn(run: CutOver, rows: Sequence[Row], findings: Sequence[Mapping[str, Any]]) -> None:
    """What registration has found in a list of these rows, under their numbers in the old system's list."""
    for one in findings:
        run.messages[one["code"]] = Message(**one["message"])
        row = rows[one["row"] - 2].number
        hints = () if one["code"] == "SAME_PERSON_IN_LIST" else tuple(one["hints"])  # a row of that other file
        run.refuse(
            WORKERS,
            [Finding(row=row, column=one["column"], code=one["code"], severity=one["severity"], value=one["value"], hints=hints)],
        )


# --- sending ----------------------------------------------------------------------------------------------------------
async def send(run: CutOver) -> None:
    """Everything that is not here yet; what is refused on the way is among the findings."""
    run.findings.clear()
    await _send_enterprises(run)
    await _send_orders(run)
    await _send_workers(run)
    await wait_until_applied(run.client, "registration", "docking")
    await _send_placements(run)
    await _send_matches(run)
    await wait_until_all_applied(run.client)


async def _send_enterprises(run: CutOver) -> None:
    """A deposit adds to the reserve: it is made only where nothing was ever paid in, also to an enterprise that is here already."""
    if ENTERPRISES not in run.lists:
        return
    for row in run.lists[ENTERPRISES].table.rows:
        values = read_cells(ENTERPRISES, row).values
        try:
            if values["licence_no"] not in run.known[ENTERPRISES]:
                entered = await _post(run, "/enterprises", bodies.enterprise(values))
                run.known[ENTERPRISES][values["licence_no"]] = entered["enterprise"]
            await _send_reserve(run, row, values)
        except RequestRefused as refused:
            run.refuse(ENTERPRISES, _refusals(ENTERPRISES, row, refused))
    run.on_message(f"enterprises: {len(run.known[ENTERPRISES]):,} are here")


async def _send_reserve(run: CutOver, row: Row, values: Mapping[str, Any]) -> None:
    """Raises RequestRefused."""
    if "reserve" not in values or not values["reserve"]["minor"]:
        return
    path = f"/enterprises/{run.known[ENTERPRISES][values['licence_no']]}/reserve"
    account = await run.client.get("docking", path, limit=1)
    if not account["items"]:
        await _post(run, path, {"amount": values["reserve"]})
    elif account["items"][0]["amount"] != values["reserve"]:
        run.on_message(f"enterprises: row {row.number}, reserve: another amount was paid in before, and nothing now")


async def _send_orders(run: CutOver) -> None:
    async def one(row: Row) -> None:
        values = read_cells(ORDERS, row).values
        if values["licence_no"] not in run.known[ENTERPRISES]:  # it was refused just now
            run.refuse(ORDERS, [Finding(row=row.number, column="licence_no", code="ENTERPRISE_NOT_FOUND", value=None)])
            return
        try:
            opened = await _post(run, "/orders", bodies.order(values, run.known[ENTERPRISES], run.system))
            run.known[ORDERS][values["old_number"]] = opened["order"]
        except RequestRefused as refused:
            run.refuse(ORDERS, _refusals(ORDERS, row, refused))

    rows = run.missing(ORDERS)
    await asyncio.gather(*map(one, rows))
    if rows:
        run.on_message(f"orders: {len(rows):,} sent")


async def _send_workers(run: CutOver) -> None:
    missing = run.missing(WORKERS)
    for number, rows in enumerate(_parts(missing, WORKERS_AT_ONCE)):
        content = worker_rows(run.lists[WORKERS], rows, run.system)
        answer = await run.client.upload("registration", "/imports", content, _label("workers", content))
        _learn(run, rows, [*answer["findings"], *await _further(run, answer)])
        run.on_message(f"workers: {min((number + 1) * WORKERS_AT_ONCE, len(missing)):,} of {len(missing):,} sent")
    if missing:
        run.known[WORKERS] |= await _numbers(run, WORKERS, sorted({row.cells["old_number"] for row in missing}))


async def _further(run: CutOver, answer: Mapping[str, Any]) -> list[Any]:
    """Findings beyond the first page."""
    found: list[Any] = []
    after = answer["next"]
    while after is not None:
        page = await run.client.get("registration", f"/imports/{answer['import_id']}", after=after, limit=200)
        found += page["findings"]
        after = page["next"]
    return found


async def _send_placements(run: CutOver) -> None:
    sendable = []
    for row in run.missing(PLACEMENTS):
        cells = read_cells(PLACEMENTS, row)
        _check_sent(run, cells)
        run.refuse(PLACEMENTS, cells.findings)
        if not cells.findings:
            sendable.append((row, bodies.placement(cells.values, run.known[ENTERPRISES], run.known[WORKERS], run.system)))
    for number, part in enumerate(_parts(sendable, PLACEMENTS_AT_ONCE)):
        answer = await run.client.post(
            "docking", "/placements/adoption", {"rows": [body for _, body in part]}, secrets.token_hex(8)
        )  # what is refused may be mended elsewhere, so it is not answered as before; the old numbers let nobody in twice
        for one in answer["refused"]:
            row = part[one["row"]][0]
            run.refuse(PLACEMENTS, [Finding(row=row.number, column=column_of(PLACEMENTS, one["field"]), code=one["code"], value=None)])
        run.on_message(f"placements: {min((number + 1) * PLACEMENTS_AT_ONCE, len(sendable)):,} of {len(sendable):,} sent")


def _check_sent(run: CutOver, cells: Cells) -> None:
    """Its enterprise or its worker may have been refused just now."""
    if cells.values["licence_no"] not in run.known[ENTERPRISES]:
        cells.refuse("licence_no", "ENTERPRISE_NOT_FOUND")
    if cells.values["worker"] not in run.known[WORKERS]:
        cells.refuse("worker", "WORKER_NOT_FOUND")


async def _send_matches(run: CutOver) -> None:
    """Each by the steps that any match takes. Its old number is recorded last: until then the steps are looked at again in the next run."""

    async def one(row: Row) -> None:
        values = read_cells(MATCHES, row).values
        order, worker = run.known[ORDERS].get(values["order"]), run.known[WORKERS].get(values["worker"])
        if order is None or worker is None:  # it was refused just now
            column = "order" if order is None else "worker"
            run.refuse(MATCHES, [Finding(row=row.number, column=column, code=f"{column}_NOT_FOUND".upper(), value=None)])
            return
        try:
            placement = await _matched(run, order, worker)
            path = f"/placements/{placement['placement']}"
            if "contract_no" in values and placement["contract"] is None:
                await _post(run, f"{path}/contract", bodies.contract(values))
            await _post(run, f"{path}/old-numbers", {"system": run.system, "number": values["old_number"]})
        except RequestRefused as refused:
            run.refuse(MATCHES, _refusals(MATCHES, row, refused))

    rows = run.missing(MATCHES)
    await asyncio.gather(*map(one, rows))
    if rows:
        run.on_message(f"matches: {len(rows):,} sent")


async def _matched(run: CutOver, order: str, worker: str) -> Any:
    """The worker's placement in this order: of a run before, or from a proposal that is accepted. Raises RequestRefused."""
    for placement in await run.client.get_all("docking", "/placements", worker=worker, order=order):
        if placement["state"] in BEFORE_DEPARTURE:
            return placement
    proposal = {"n": 1, "worker": worker}
    proposed = await run.client.post(
        "docking", f"/orders/{order}/matches", proposal, secrets.token_hex(8)
    )  # one of before may have expired
    return await _post(run, f"/matches/{proposed['matches'][0]['match']}/acceptance", {})


async def _post(run: CutOver, path: str, body: Mapping[str, Any]) -> Any:
    """The same body is the same command, in whichever run: for what is refused as a whole or not at all, since only that is tried again."""
    return await run.client.post("docking", path, body, _label(path, json.dumps(body, sort_keys=True).encode()))


def _label(path: str, content: bytes) -> str:
    return f"{path} {hashlib.sha256(content).hexdigest()}"


def _refusals(kind: str, row: Row, refused: RequestRefused) -> list[Finding]:
    return [Finding(row=row.number, column=column_of(kind, name), code=code, value=None) for name, code in refused.errors]


def _parts(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


# --- what the services count ------------------------------------------------------------------------------------------
async def count_now(run: CutOver, wanted: Mapping[Control, int]) -> Counter[Control]:
    """Each of these totals, as the services count it now."""
    counted: Counter[Control] = Counter()
    if ENTERPRISES in run.lists:
        counted[Control(ENTERPRISES, "count")] = len(await _enterprises(run, sorted(set(run.lists[ENTERPRISES].numbers))))
    for row in (await run.client.get("registration", "/old-numbers/count", system=run.system))["items"]:
        _add(counted, WORKERS, row)
    for row in (await run.client.get("docking", "/old-numbers/count", system=run.system))["items"]:
        _add(counted, ORDERS if row["kind"] == "order" else PLACEMENTS if row["adopted"] else MATCHES, row)
        if row["kind"] == "order":
            counted[Control(ORDERS, "positions")] += row["positions"]
    if any(control.kind == FIGURES for control in wanted):
        for point in (await run.client.get("stats", "/figures/stock", by="county"))["points"]:
            for region in ("", province_of(point["of"]["county"])):
                counted[Control(FIGURES, "stock", region)] += point["value"]
    return counted


def _add(counted: Counter[Control], kind: str, row: Mapping[str, Any]) -> None:
    for region in ("", row["province"]):
        if region is not None:
            counted[Control(kind, "count", region)] += row["count"]
