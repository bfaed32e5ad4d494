"""A scenario beside the actual figures: other thresholds, other floors, another list of poverty counties. Nothing of it is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Response

from console.board import figures, sentences
from console.board.rows import QuotaRow, TargetRow
from console.web import choices
from console.web.backend import Answer
from console.web.pages import Visitor, error_text, only, refused_text, render
from console.web.screens.programme_board import ROLES
from shared.texts import Texts
from shared.values import Designation

MOST_COUNTIES = 200
LARGEST = 10**15
FEN = 100
DESIGNATIONS = (Designation.NATIONAL, Designation.PROVINCIAL, Designation.NONE)

SCREENS = COMMANDS = ()
PAGES = (("Figures", "/board/scenario", "Scenario", ROLES),)
router = APIRouter()
Looker = Annotated[Visitor, only(*ROLES)]


@dataclass(slots=True)
class Supposed:
    """What was typed. `errors`: by field, in the visitor's language."""

    given: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def typed(self, name: str) -> str:
        return self.given.get(name, "").strip()


@router.get("/board/scenario")
async def form(who: Looker) -> Response:
    return await _page(who, Supposed({}))


@router.post("/board/scenario")
async def rehearse(who: Looker) -> Response:
    content = await who.request.form(max_fields=200, max_files=0)
    supposed = Supposed({name: value[:20_000] for name, value in content.items() if isinstance(value, str)})
    plan = await _plan(who)
    body = _body(plan, supposed, who.text)
    if supposed.errors:
        return await _page(who, supposed, status=422)
    answer = await who.backend.send(
        "POST", "stats", "/scenarios", data=json.dumps(body).encode(), headers={"content-type": "application/json"}
    )
    if not answer.ok:
        return await _page(who, _refused(supposed, answer, who.text), problem=refused_text(who.text, answer), status=answer.status)
    return await _page(who, supposed, found=_rows(answer.body, plan["code"]))


async def _plan(who: Visitor) -> dict[str, Any]:
    """Raises ServiceRefused."""
    found = await who.backend.get("stats", "/programmes")
    return next((dict(one["plan"]) for one in found if one["plan"]["code"] == figures.MAIN), dict(found[0]["plan"]))


async def _page(who: Visitor, supposed: Supposed, *, found: Any = None, problem: str = "", status: int = 200) -> Response:
    values = {"sentences": sentences, "percent": _percent, "amount": _amount, "designations": DESIGNATIONS}
    values |= {"label_of_target": partial(_label, who.text), "in_force": partial(_in_force, who.text)}
    content = {"plan": await _plan(who), "supposed": supposed, "found": found, "problem": problem}
    return render(who, "board/scenario.html", status=status, **content, **values)


# --- what is supposed, as stats takes it --------------------------------------------------------------------------------------
def _body(plan: Mapping[str, Any], supposed: Supposed, text: Texts) -> dict[str, Any]:
    quotas = [{**one, "threshold": _threshold(one, supposed, text)} for one in plan["quotas"]]
    targets = [{**one, **_floor(one, supposed, text)} for one in plan["targets"]]
    return {
        "programme": plan["code"],
        "plan": {**plan, "quotas": quotas, "targets": targets},
        "designations": _designations(supposed, text),
    }


def _threshold(quota: Mapping[str, Any], supposed: Supposed, text: Texts) -> list[int]:
    """Per cent with up to two decimals, as a share of 10,000."""
    name = f"quota.{quota['code']}"
    typed = _number(supposed, name, text, decimals=2, largest=100)
    return list(quota["threshold"]) if typed is None else [int(typed * 100), 10_000]


def _floor(target: Mapping[str, Any], supposed: Supposed, text: Texts) -> dict[str, int | None]:
    """The floor; a stretch below it goes."""
    typed = _number(supposed, f"target.{target['code']}", text, decimals=0, largest=LARGEST)
    if typed is None:
        return {}
    floor = int(typed) * (FEN if _is_money(target) else 1)
    stretch = target.get("stretch")
    return {"floor": floor, "stretch": None if stretch is None or stretch < floor else stretch}


def _number(supposed: Supposed, name: str, text: Texts, *, decimals: int, largest: int) -> Decimal | None:
    typed = supposed.typed(name)[:30].replace(",", "").replace("，", "")
    if not typed:
        return None
    try:
        number = Decimal(typed)
        exact = number.is_finite() and number == round(number, decimals)
    except (InvalidOperation, ValueError):
        exact = False
    if not exact or not 0 < number <= largest:
        supposed.errors[name] = text(
            "A number above 0, at most {largest}, with at most {decimals} decimals.", largest=text.number(largest), decimals=decimals
        )
        return None
    return number


def _designations(supposed: Supposed, text: Texts) -> list[dict[str, str]]:
    lines = [line.strip() for line in supposed.typed("counties").splitlines() if line.strip()]
    if len(lines) > MOST_COUNTIES:
        supposed.errors["counties"] = text("At most {most} counties.", most=MOST_COUNTIES)
        return []
    codes = {line: choices.meant("county", line) for line in lines}
    unknown = [line[:40] for line, code in codes.items() if not (code.isascii() and code.isdigit() and len(code) == 6)]
    if unknown:
        supposed.errors["counties"] = text("Not one county by that name: {names}", names=", ".join(unknown[:5]))
    designation, since = supposed.typed("designation") or Designation.NATIONAL.value, supposed.typed("since") or "2017-01-01"
    if designation not in set(Designation):
        supposed.errors["designation"] = text("Choose one of the list.")
    try:
        date.fromisoformat(since)
    except ValueError:
        supposed.errors["since"] = text("A day, such as 2018-05-01.")
    return [{"county": code, "designation": designation, "from": since} for code in dict.fromkeys(codes.values())]


def _refused(supposed: Supposed, answer: Answer, text: Texts) -> Supposed:
    """What stats says of a field, at the field nearest to it."""
    for error in answer.errors:
        near = "counties" if error.get("field", "").startswith("designations") else "plan"
        supposed.errors.setdefault(near, error_text(text, error))
    return supposed


# --- what came of it -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Beside:
    """Each of the plan's figures twice: as it is, and as it would be."""

    targets: list[tuple[TargetRow, TargetRow]]
    quotas: list[tuple[QuotaRow, QuotaRow]]
    contradictions: list[str]


def _rows(body: Mapping[str, Any], programme: str) -> Beside:
    actual, scenario = body["actual"], body["scenario"]
    return Beside(
        targets=[
            (figures.target_row(one, programme), figures.target_row(other, programme))
            for one, other in zip(actual["targets"], scenario["targets"], strict=False)
        ],
        quotas=[
            (figures.quota_row(one), figures.quota_row(other)) for one, other in zip(actual["quotas"], scenario["quotas"], strict=False)
        ],
        contradictions=list(body["contradictions"]),
    )


def _percent(threshold: list[int]) -> str:
    return f"{Decimal(100 * threshold[0]) / threshold[1]:.2f}".rstrip("0").rstrip(".")


def _is_money(target: Mapping[str, Any]) -> bool:
    return str(target["measure"]).startswith("income")


def _amount(target: Mapping[str, Any]) -> int:
    """The floor as people count it: heads, or yuan."""
    return int(target["floor"]) // (FEN if _is_money(target) else 1)


def _label(text: Texts, target: Mapping[str, Any]) -> str:
    """With the unit that the floor is typed in."""
    unit = text("yuan") if _is_money(target) else text.value("unit", "dispatches")
    return text("{name} ({unit})", name=sentences.target_title(text, target["code"]), unit=unit)


def _in_force(text: Texts, target: Mapping[str, Any]) -> str:
    if _is_money(target):
        return sentences.short_yuan(text, target["floor"])
    return f"{text.number(target['floor'])} {text.value('unit', 'dispatches')}"
