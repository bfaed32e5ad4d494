"""Forms of commands: a field for everything the command's OpenAPI schema takes, and the posted form back as its JSON body.

    fields = draw(operation, text, posted, errors)   # for the template fields.html
    body = read(operation, posted)                   # what the service is sent

Nothing is judged here. What does not read as the number, day or amount it should be is sent as it was typed, and the service says at
which field it is wrong. Fields of lists of objects are posted as `incomes.0.wage`, amounts as `wage.amount` and `wage.currency`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any, Literal

from starlette.datastructures import FormData

from console.web.documents import Operation, Schema
from console.web.hours import IN_MINUTES, minutes_of
from shared import currencies
from shared.sheets.cells import CellRefused, read_number
from shared.texts import Texts, sentence

Kind = Literal[
    "text",
    "textarea",
    "number",
    "date",
    "datetime-local",
    "month",
    "checkbox",
    "select",
    "boxes",
    "boxes and text",
    "choice",
    "choices",
    "money",
    "group",
    "rows",
]
Posted = Sequence[tuple[str, str]]  # in the order of the form; an empty field is an empty string
Errors = Mapping[str, str]  # by dotted name of the field, in the visitor's language
Option = tuple[str, str]  # code, label

LONGEST_HOURS = 8  # characters
LONGEST_LABEL = 100  # characters of a suggestion
LONG_TEXT = 200  # characters: longer ones get several lines
MOST_ROWS = 200
NO_SPACE = r"^[\x21-\x7e]+$"  # an address: one line, however long
CHOICES: Mapping[str, str] = {  # pattern of the code -> kind of choice
    r"^[1-9][0-9]{5}$": "county",
    r"^[A-Z]{3}$": "country",
    r"^[1-9][0-9]{0,3}$": "occupation",
    r"^(CN|[1-9][0-9]{5})$": "region",
    r"^[A-Z]{2}[A-Z2-9]{3}$": "port",
}
PLACES = frozenset({"region", "regions", "province", "seat"})  # fields of a division's code that may be a province's
DIGEST = "^[0-9a-f]{64}$"
MONTH = r"^(19[0-9]{2}|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$"
MONEY = frozenset({"minor", "currency"})
NOT_PAID_IN = frozenset(
    (  # codes of ISO 4217 for funds, units of account, metals and tests
        "BOV",
        "CHE",
        "CHW",
        "CLF",
        "COU",
        "MXV",
        "USN",
        "UYI",
        "UYW",
        "XAD",
        "XAG",
        "XAU",
        "XBA",
        "XBB",
        "XBC",
        "XBD",
        "XDR",
        "XPD",
        "XPT",
        "XSU",
        "XTS",
        "XUA",
        "XXX",
    )
)
NOTHING_OFFERED = sentence("There is nothing to choose from.")
OF_FIRMS = {"name": sentence("Name")}  # where a name is a firm's or a fair's and no person's: what docking calls so
PATTERN_HINTS: Mapping[str, str] = {  # pattern -> how it is typed, where the field's own hint would say less or something else
    r"^(19[0-9]{2}|20[0-9]{2}|21[0-9]{2})(-(0[1-9]|1[0-2]))?$": sentence("A year or a month, such as 2019 or 2019-03"),
    r"^LW[0-9]{4}20[0-9]{6}$": sentence("As on the licence: LW and 12 digits"),
    r"^[0-9]{5}$": sentence("As on the licence: five digits"),
}
TODAY_UNLESS_GIVEN: Mapping[str, str] = {  # command -> a day that its service takes to be today
    "change_residence": "moved_on",
    "confirm_arrival": "confirmed_on",
    "declare_fee": "charged_on",
    "extend_contract": "signed_on",
    "publish_announcement": "published_on",
    "publish_notice": "since",
    "record_outreach": "on",
    "record_willingness": "recorded_on",
    "register_contract": "signed_on",
    "register_worker": "registered_on",
    "reinstate_worker": "reinstated_on",
    "set_household_status": "as_of",
    "suspend_worker": "suspended_on",
    "verify_worker": "verified_on",
    "withdraw_willingness": "withdrawn_on",
}
USUAL_CURRENCIES = ("CNY", "USD", "JPY", "EUR", "KRW", "SGD", "SAR", "HKD", "AED")


def choice_of(name: str, schema: Schema) -> str | None:
    """The kind of code that is looked for by name in a field; None where it is none."""
    kind = CHOICES.get(schema.get("pattern", ""))
    return "region" if kind == "county" and name in PLACES else kind


@dataclass(slots=True, kw_only=True)
class Field:
    """One field as the template draws it. `name` is dotted; `value` is what was posted or the default, one or several."""

    name: str
    label: str
    kind: Kind
    required: bool = False
    value: Any = ""
    error: str = ""
    hint: str = ""
    now: str = ""  # what is recorded, where the command puts something right
    attributes: dict[str, object] = field(default_factory=dict)
    options: list[Option] = field(default_factory=list)
    typed: str = ""  # what is not among the options
    unchosen: str | None = ""  # what stands for no choice; None: something is chosen
    of_file: bool = False  # the digest of a file: computed in the page, which keeps the file
    choice: str = ""  # kind of code that is looked for by name: county, country, occupation
    called: Mapping[str, str] = field(default_factory=dict)  # labels of ids that are chosen
    children: list[Field] = field(default_factory=list)  # of a group
    rows: list[list[Field]] = field(default_factory=list)
    blank: list[Field] = field(default_factory=list)  # the row that is added, its number written as __row__

    @property
    def id(self) -> str:
        return "f-" + self.name.replace(".", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the screen knows already: fields that are not asked for, and lists to choose from where the schema has only an id."""

    hidden: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    suggested: Mapping[str, Sequence[Option]] = field(default_factory=dict)  # the same where another may be typed
    presets: Mapping[str, str] = field(default_factory=dict)  # filled in, and may be changed
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)  # the same of lists of codes and ids
    labels: Mapping[str, str] = field(default_factory=dict)  # sentences, for fields whose own word says too little here
    hints: Mapping[str, str] = field(default_factory=dict)  # the same of how they are filled in
    now: Mapping[str, str] = field(default_factory=dict)  # what is recorded, as it is shown
    searched: Mapping[str, str] = field(default_factory=dict)  # field of ids -> kind of thing that a service looks for by name
    called: Mapping[str, str] = field(default_factory=dict)  # id -> label, of what is chosen in those
    needed: Sequence[str] = ()  # fields that must be filled in, though the schema has them without a value
    unoffered: Mapping[str, str] = field(default_factory=dict)  # sentences: why a list has nothing to choose from, and what to do


def draw(operation: Operation, text: Texts, posted: Posted = (), errors: Errors | None = None, given: Given | None = None) -> list[Field]:
    """The fields of the command's form, required ones first as the schema lists them."""
    if operation.body is None:
        return []
    pen = _Pen(operation=operation, text=text, posted=posted, errors=errors or {}, given=given or Given())
    return pen.fields(operation.resolve(operation.body), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pen:
    operation: Operation
    text: Texts
    posted: Posted
    errors: Errors
    given: Given

    def fields(self, schema: Schema, prefix: str) -> list[Field]:
        required = schema.get("required", [])
        names = [*required, *(name for name in schema.get("properties", {}) if name not in required)]
        return [
            self.one(prefix + name, name, self.operation.resolve(schema["properties"][name]), required=name in required)
            for name in names
            if prefix + name not in self.given.hidden
        ]

    def one(self, path: str, name: str, schema: Schema, *, required: bool) -> Field:
        drawn = Field(
            name=path,
            label=self.label(path, name),
            kind="text",
            required=(required and "default" not in schema) or path in self.given.needed,
            value=self.value(path, schema),
            error=self.errors.get(path, ""),
            hint=self.hint(path, name, schema),
            now=self.given.now.get(path, ""),
        )
        offered = self.given.options.get(path, self.given.options.get(name))
        if offered is not None:
            drawn.kind, drawn.options = ("boxes" if schema.get("type") == "array" else "select"), list(offered)
            if drawn.kind == "boxes":
                drawn.value = self.values(path)
            elif drawn.required and len(offered) == 1:
                drawn.value = offered[0][0]
            if not offered:
                drawn.hint = self.text(self.given.unoffered.get(path, NOTHING_OFFERED))
            return drawn
        if (suggested := self.given.suggested.get(path)) is not None:
            return self._suggested(drawn, schema, list(suggested))
        if (kind := self.given.searched.get(path)) is not None:
            several = schema.get("type") == "array"
            drawn.kind, drawn.choice, drawn.called = ("choices" if several else "choice"), kind, self.given.called
            drawn.value = self.values(path) if several else drawn.value
            drawn.required = drawn.required and not several
            return drawn
        self._shape(drawn, name, schema)
        return drawn

    def _suggested(self, drawn: Field, schema: Schema, options: list[Option]) -> Field:
        drawn.options = options
        if schema.get("type") == "array":
            codes = {code for code, _ in options}
            values = self.values(drawn.name)
            drawn.kind, drawn.value, drawn.required = "boxes and text", values, False
            drawn.typed = "\n".join(one for one in values if one not in codes)
        else:
            drawn.value = dict(options).get(drawn.value, drawn.value)
            drawn.attributes = _given({"maxlength": LONGEST_LABEL})
        return drawn

    def label(self, path: str, name: str) -> str:
        own = {**(OF_FIRMS if self.operation.service == "docking" else {}), **self.given.labels}.get(path)
        return self.text(own) if own else self.text.word("field", name)

    def hint(self, path: str, name: str, schema: Schema) -> str:
        if path in self.given.hints:
            return self.text(self.given.hints[path])
        if (known := PATTERN_HINTS.get(schema.get("pattern", ""))) is not None:
            return self.text(known)
        if TODAY_UNLESS_GIVEN.get(self.operation.name) == path:
            return self.text("Left empty: today")
        return self.text.word("hint", name) if self.text.has("hint", name) else ""

    def _shape(self, drawn: Field, name: str, schema: Schema) -> None:
        kind = schema.get("type")
        if "enum" in schema or "const" in schema:
            drawn.kind, drawn.options = "select", self._options(name, schema)
        elif kind == "boolean":
            self._answer(drawn)
        elif name in IN_MINUTES:
            drawn.attributes = {"inputmode": "decimal", "maxlength": LONGEST_HOURS}
        elif kind in {"integer", "number"}:
            drawn.kind = "number"
            drawn.attributes = _given(
                {"min": _whole(schema.get("minimum")), "max": _whole(schema.get("maximum")), "step": "any" if kind == "number" else 1}
            )
        elif kind == "array":
            self._list(drawn, name, schema)
        elif kind == "object" and schema.get("properties", {}).keys() >= MONEY:
            drawn.kind, drawn.options = "money", [(code, self.text.currency(code)) for code in _currencies()]
            drawn.value = (self._posted(f"{drawn.name}.amount"), self._posted(f"{drawn.name}.currency") or USUAL_CURRENCIES[0])
            drawn.error = drawn.error or next((why for at, why in self.errors.items() if at.startswith(drawn.name + ".")), "")
        elif kind == "object" and "properties" in schema:
            drawn.kind, drawn.children = "group", self.fields(schema, drawn.name + ".")
            for child in drawn.children:
                child.required = child.required and drawn.required  # of a group that may be left out nothing must be filled in
        elif schema.get("format") in {"date", "date-time"}:
            drawn.kind = "date" if schema["format"] == "date" else "datetime-local"
        else:
            self._text(drawn, name, schema)

    def _text(self, drawn: Field, name: str, schema: Schema) -> None:
        if choice := choice_of(name, schema):
            drawn.kind, drawn.choice = "choice", choice
        elif schema.get("pattern") == MONTH:
            drawn.kind = "month"
        else:
            drawn.kind = "textarea" if schema.get("maxLength", 0) > LONG_TEXT and schema.get("pattern") != NO_SPACE else "text"
            drawn.attributes = _given({"maxlength": schema.get("maxLength"), "minlength": schema.get("minLength")})
            drawn.of_file = schema.get("pattern") == DIGEST

    def _answer(self, drawn: Field) -> None:
        """Yes or no. One that must be given stands at neither: a box that nobody touched would be a no."""
        if drawn.required:
            drawn.kind, drawn.options = "select", [("true", self.text("Yes")), ("false", self.text("No"))]
        else:
            drawn.kind = "checkbox"

    def _list(self, drawn: Field, name: str, schema: Schema) -> None:
        items = self.operation.resolve(schema["items"])
        if items.get("type") != "object":  # of rows, each error is at its cell
            drawn.error = drawn.error or next((why for at, why in self.errors.items() if at.startswith(drawn.name + ".")), "")
        drawn.value = self.values(drawn.name)
        drawn.required = drawn.required and schema.get("minItems", 0) > 0
        if "enum" in items:
            drawn.kind, drawn.options = "boxes", self._options(name, items)
        elif choice := choice_of(name, items):
            drawn.kind, drawn.choice = "choices", choice
        elif items.get("type") == "object":
            drawn.kind = "rows"
            filled = [at for at, _ in self.posted] or list(self.given.presets)
            numbers = sorted({int(at.split(".")[_depth(drawn.name)]) for at in filled if _is_row(at, drawn.name)})[:MOST_ROWS]
            drawn.rows = [self.fields(items, f"{drawn.name}.{number}.") for number in numbers or [0]]
            for one in drawn.rows[0] if not numbers and not drawn.required else ():
                one.required = False  # a first row that may stay empty
            drawn.blank = self.fields(items, f"{drawn.name}.__row__.")
        else:
            drawn.kind, drawn.value = "textarea", "\n".join(drawn.value) if self.posted else self.given.presets.get(drawn.name, "")
            drawn.hint = drawn.hint or self.text("One on each line")

    def _options(self, name: str, schema: Schema) -> list[Option]:
        codes = schema["enum"] if "enum" in schema else [schema["const"]]
        return [(str(code), self.text.value(name, str(code))) for code in codes]

    def values(self, path: str) -> list[str]:
        """Of a list."""
        return [value for at, value in self.posted if at == path and value] if self.posted else list(self.given.chosen.get(path, ()))

    def value(self, path: str, schema: Schema) -> str:
        if any(at == path for at, _ in self.posted):
            return self._posted(path)
        if self.posted:  # a box that is not ticked is not posted
            return ""
        preset = self.given.presets.get(path, schema.get("default"))
        if isinstance(preset, bool):
            return "true" if preset else ""
        return "" if preset is None or isinstance(preset, list | dict) else str(preset)

    def _posted(self, path: str) -> str:
        return next((value for at, value in self.posted if at == path), self.given.presets.get(path, "") if not self.posted else "")


def _given(attributes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in attributes.items() if value is not None}


def _whole(number: float | None) -> object:
    return int(number) if number is not None and float(number).is_integer() else number


def _currencies() -> list[str]:
    return [*USUAL_CURRENCIES, *(code for code in sorted(currencies.in_force()) if code not in NOT_PAID_IN.union(USUAL_CURRENCIES))]


def _depth(name: str) -> int:
    return name.count(".") + 1


def _is_row(path: str, name: str) -> bool:
    return path.startswith(name + ".") and path.split(".")[_depth(name)].isdecimal() and len(path.split(".")[_depth(name)]) < 6


def typed_in(form: FormData) -> list[tuple[str, str]]:
    """What the fields of a posted form hold: no files, and not what the page itself sends beside them (`_key`)."""
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str) and not name.startswith("_")]


# --- back to JSON -------------------------------------------------------------------------------------------------------
def read(operation: Operation, posted: Posted, hidden: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body. What is left empty is left out, so that the service's default or its "missing" applies."""
    if operation.body is None:
        return {}
    schema = operation.resolve(operation.body)
    values: dict[str, list[str]] = {}
    for name, value in posted:
        values.setdefault(name, []).append(value.strip())
    return _object(operation, schema, values, "") | dict(hidden or {})


def _object(operation: Operation, schema: Schema, values: Mapping[str, list[str]], prefix: str) -> dict[str, Any]:
    found = {name: _read(operation, operation.resolve(part), values, prefix + name) for name, part in schema.get("properties", {}).items()}
    return {name: value for name, value in found.items() if value is not None}


def _read(operation: Operation, schema: Schema, values: Mapping[str, list[str]], name: str) -> Any:
    """None where nothing is filled in."""
    kind = schema.get("type")
    if kind == "object":
        if schema.get("properties", {}).keys() >= MONEY:
            return _money(values.get(f"{name}.amount", [""])[0], values.get(f"{name}.currency", [""])[0])
        return _object(operation, schema, values, name + ".") or None
    if kind == "array":
        return _items(operation, operation.resolve(schema["items"]), values, name)
    first = values.get(name, [""])[0]
    if kind == "boolean":
        unanswered = not first if name in values else schema.get("nullable")
        return None if unanswered else first in {"true", "on"}
    if not first:
        return None
    return minutes_of(first) if name.rpartition(".")[2] in IN_MINUTES else _scalar(schema, first)


def _items(operation: Operation, items: Schema, values: Mapping[str, list[str]], name: str) -> list[Any] | None:
    if items.get("type") == "object":
        numbers = sorted({int(at.split(".")[_depth(name)]) for at in values if _is_row(at, name)})[:MOST_ROWS]
        rows = [_object(operation, items, values, f"{name}.{number}.") for number in numbers]
        return [row for row in rows if any(value is not False for value in row.values())] or None
    lines: Iterable[str] = values.get(name, [])
    if "enum" not in items and items.get("pattern") not in CHOICES:
        lines = [line for value in lines for line in re.split(r"[\r\n]+", value)]
    found = [_scalar(items, line.strip()) for line in lines if line.strip()]
    return found or None


def _scalar(schema: Schema, value: str) -> Any:
    """The value as its type; as it was typed where it is none: the service then names the field."""
    kind = schema.get("type")
    try:
        if kind == "integer":
            return int(value) if len(value) < 20 else value
        if kind == "number" and isfinite(float(value)):
            return float(value)
    except ValueError:
        return value
    if "enum" in schema and value not in schema["enum"]:
        return next((code for code in schema["enum"] if str(code) == value), value)
    return value


def _money(amount: str, currency: str) -> dict[str, Any] | None:
    """{"minor", "currency"} of an amount such as 1,234.50. Finer than the currency's smallest coin, or no number: as it was typed.

    A number is read as a cell of a sheet is: 1,5 is none, and neither is 1e999999, whose digits would take minutes to write out.
    """
    if not amount:
        return None
    try:
        minor = read_number(amount.replace("，", ",")).scaleb(currencies.exponent(currency))
    except (CellRefused, ValueError):
        return {"minor": amount, "currency": currency}
    return {"minor": int(minor) if minor == minor.to_integral_value() else amount, "currency": currency}


def as_typed(name: str, value: Any) -> dict[str, str]:
    """A value of an answer as it is typed into a form, by field; nothing of nothing."""
    if isinstance(value, Mapping):
        amount = Decimal(value["minor"]).scaleb(-currencies.exponent(value["currency"]))
        return {f"{name}.amount": str(amount), f"{name}.currency": value["currency"]}
    return {} if value is None else {name: str(value)}


def error_names(fields: Iterable[Field]) -> Iterator[str]:
    """The names at which an error can be shown."""
    for one in fields:
        yield one.name
        for below in (one.children, *one.rows):
            yield from error_names(below)
