"""A page for one visitor: who looks, in which language, through which services; and how values of the APIs read on it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from console.web import choices
from console.web.backend import Answer, Backend, ServiceRefused
from console.web.documents import Documents
from console.web.hours import IN_MINUTES, hours
from console.web.names import IDENTIFIER, Names
from console.web.sessions import Session, Sessions
from shared.audiences import HEARERS
from shared.principals import Forbidden, Principal, Role
from shared.texts import LANGUAGES, Texts, best_language, sentence, texts
from shared.values import Clock

LANGUAGE_COOKIE, DAY_COOKIE = "language", "simulated_day"  # what a visitor chose on a page, for this browser
DIGEST = re.compile(r"[0-9a-f]{64}")
CERTIFICATE = re.compile(r"TC[0-9]{12}")
SCOPE = re.compile(r"(?:nation|province):(\w+)", re.ASCII)  # whose a figure is
WORKER_NO = re.compile(r"W[0-9]{8}-[0-9X]")
PERIODS = frozenset({"period", "month", "compared_month"})  # fields of a year, month or quarter
NOWRAP = Markup(' class="nowrap"')
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
NAMED = {  # field of an answer -> kind of code in it
    "county": "county",
    "counties": "county",
    "seat": "county",
    "residence": "county",
    "origin": "county",
    "assisting": "region",
    "region": "region",
    "regions": "region",
    "province": "region",
    "destination": "country",
    "destinations": "country",
    "country": "country",
    "occupation": "occupation",
    "occupations": "occupation",
    "port": "port",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who looks at a page. `backend` asks with the visitor's token."""

    request: Request
    session: Session
    text: Texts
    backend: Backend
    documents: Documents
    today: date  # as the services have it; in a simulation the day that is played

    @property
    def principal(self) -> Principal:
        return self.session.principal

    @property
    def role(self) -> Role:
        return self.session.principal.role


def language_of(request: Request) -> str:
    """As chosen on a page (`?language=zh`, remembered in a cookie), else as the browser asks."""
    for wanted in (request.query_params.get("language"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    return best_language(request.headers.get("accept-language"))


def chosen_day(request: Request) -> date | None:
    """The day it is in a simulation, as chosen on a page; None: none was."""
    try:
        return date.fromisoformat(request.query_params.get(DAY_COOKIE, request.cookies.get(DAY_COOKIE, "")))
    except ValueError:
        return None


async def simulated_day(request: Request) -> date | None:
    """The chosen day, else the newest that was played; None: today, and always where the services play no calendar."""
    newest: Callable[[], Awaitable[date | None]] = request.app.state.newest_day
    return (chosen_day(request) or await newest()) if request.app.state.settings.simulation else None


async def visitor(request: Request) -> Visitor:
    """Raises NotLoggedIn, IssuerUnavailable."""
    state = request.app.state
    sessions: Sessions = state.sessions
    session = await sessions.read(request)
    backend: Backend = state.backend
    day = request.state.day = await simulated_day(request)
    return Visitor(
        request=request,
        session=session,
        text=texts(language_of(request)),
        backend=backend.as_visitor(session.token, day.isoformat() if day else None),
        documents=state.documents,
        today=day or Clock().today(),
    )


AnyVisitor = Annotated[Visitor, Depends(visitor)]


def only(*roles: Role) -> Any:
    """The dependency of a page that is there for these roles."""

    def allowed(who: AnyVisitor) -> Visitor:
        if who.role not in roles:
            raise Forbidden(f"this page is not there for the role {who.role}")
        return who

    return Depends(allowed)


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("console.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals |= {one.__name__: one for one in (show, pick, columns_in, label_of, is_long, in_cell, in_facts, overdue, filled_in)}
    made.globals["label"] = choices.label
    return made


def render(who: Visitor, template: str, /, *, status: int = 200, **values: Any) -> Response:
    """The page for a visitor, with the navigation of the role."""
    return render_for(who.request, template, status=status, text=who.text, who=who.principal, today=who.today, **values)


def render_for(
    request: Request, template: str, /, *, status: int = 200, text: Texts | None = None, who: Principal | None = None, **values: Any
) -> Response:
    """The page for anybody. `above`: the page whose list it belongs to, where its own address does not say so."""
    text = text or texts(language_of(request))
    values.setdefault("names", {})
    navigation = request.app.state.navigation(who, text)
    within = values.pop("above", None) or request.url.path
    above = (one for entries in navigation.values() for one in entries if f"{within}/".startswith(f"{one.path}/"))
    done = request.query_params.get("done", "")[:100]
    content = (
        environment()
        .get_template(template)
        .render(
            t=text,
            who=who,
            path=request.url.path,
            done=done,
            here=_address(request),
            other_language=lambda language: "?" + urlencode({**dict(request.query_params), "language": language}),
            navigation=navigation,
            list_above=max(above, key=lambda one: len(one.path), default=None),
            hears=who is not None and who.role in HEARERS,
            simulated_day=(getattr(request.state, "day", None) or "") if request.app.state.settings.simulation else None,
            **values,
        )
    )
    response = HTMLResponse(content, status, headers={"Cache-Control": "no-store"})
    for name, value in ((LANGUAGE_COOKIE, text.language), (DAY_COOKIE, str(chosen_day(request) or ""))):
        if name in request.query_params:
            response.set_cookie(name, value, max_age=365 * 86400, samesite="lax", httponly=True, path="/")
    return response


def lead_on(who: Visitor, target: str, summary: str) -> Response:
    """To a page that says what was done. A script is given the address, since it would follow a redirect unseen."""
    address = target + ("&" if "?" in target else "?") + urlencode({"done": summary})
    if who.request.headers.get("x-form"):
        return Response(status_code=204, headers={"X-Location": address})
    return Response(status_code=303, headers={"Location": address})


def handed_on(answer: Answer, name: str, disposition: Literal["inline", "attachment"] = "inline") -> Response:
    """A file as a service made it. Raises ServiceRefused."""
    if not answer.ok:
        raise ServiceRefused(answer)
    quiet = "".join(one for one in name if one.isalnum() or one in "-_.")  # an address may hold anything
    headers = {"Content-Disposition": f'{disposition}; filename="{quiet}"', "Cache-Control": "no-store"}
    return Response(answer.body, media_type=answer.content_type, headers=headers)


def refused_text(text: Texts, answer: Answer) -> str:
    """Why a service refused, in the visitor's language."""
    code = answer.code
    if text.has("error", code):
        return text.word("error", code)
    detail = answer.body.get("detail") if isinstance(answer.body, dict) else None
    return str(detail or code)


def error_text(text: Texts, error: Mapping[str, str]) -> str:
    """What is wrong at one field."""
    code = str(error.get("code", ""))
    return text.word("error", code) if text.has("error", code) else str(error.get("message") or code)


# --- values ------------------------------------------------------------------------------------------------------------
def fen(amount: int | None) -> Any:
    """A sum that a service keeps in fen, as an amount of money."""
    return None if amount is None else {"minor": amount, "currency": "CNY"}


def pick(item: Any, path: str) -> Any:
    """The value at a dotted path, numbers in it counting the places of a list; None where there is none."""
    for name in path.split("."):
        if isinstance(item, list) and name.isdecimal():
            item = item[int(name)] if int(name) < len(item) else None
        else:
            item = item.get(name) if isinstance(item, Mapping) else None
    return item


def show(text: Texts, name: str, value: Any, names: Names | None = None) -> Markup:
    """A value of an answer as people read it: names for codes and ids, the language's form of days and money."""
    if is_nothing(value):
        return Markup('<span class="none">–</span>')
    if isinstance(value, bool):
        return escape(text("Yes") if value else text("No"))
    if isinstance(value, Mapping):
        return _shown_object(text, value, names or {})
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _shown_list(text, name, value, names or {})
    if isinstance(value, int | float):
        return escape(_number(text, name, value))
    return _shown_text(text, name, str(value), names or {})


def is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _number(text: Texts, name: str, value: float) -> str:
    if text.has(f"value:{name}", str(value)):  # a level
        return text.value(name, str(value))
    if name in {"year", "version"}:
        return str(value)
    if name == "birth_year":
        return text.period(str(value))
    if name in IN_MINUTES:
        return text("{hours} hours", hours=hours(int(value)))
    if name == "pay_day":
        return text("day {day} of the month", day=int(value))
    return ("+" if name == SIGNED and value > 0 else "") + text.number(value)


TAGS = {  # how a state is tagged, where not plainly; the word says it, the colour only repeats it
    "good": frozenset({"active", "verified", "willing", "valid", "passed", "certified", "met", "approved", "recognised", "completed"}),
    "bad": frozenset({"suspended", "revoked", "erased", "failed", "rejected", "refused", "upheld", "parked"}),
    "late": frozenset({"provisional", "expired", "lapsed", "pending", "suspected", "linked", "held", "waiting"}),
}
SIGNED = "change"  # a number of that name adds to another
TAGGED = frozenset({"state", "progress", "validity", "assurance", "willingness", "severity", "grade"})
ACTORS = frozenset({"actor", "approver", "reader", "principal"})
ACCOUNTS = frozenset({"assignee", "trainer", "trainers", "assessor", "assessors"})


def _tag(value: str, word: str) -> Markup:
    kind = next((kind for kind, values in TAGS.items() if value in values), "plain")
    return Markup('<span class="tag {}" data-value="{}">{}</span>').format(kind, value, word)


def _actor(text: Texts, name: str, value: str) -> str:
    """Role and account, such as clerk:wang, or a role; whoever is none, such as an embassy, by its word in that field."""
    role, _, account = value.partition(":")
    if not text.has("role", role):
        return text.value(name, value)
    if account == local_account(role):  # of whoever uses this machine's own stack: nobody's name
        return text.word("role", role)
    called = text.word("service", account) if text.has("service", account) else account  # what the system did by itself
    return text.word("role", role) + (": " if text.language == "en" else "：") * bool(called) + called


def local_account(role: str) -> str:
    """Of whoever acts in a role on this machine's own stack."""
    return f"local-{role}"


def account_name(text: Texts, account: str) -> str:
    """An account by its name; that of a role on this machine's own stack by the role."""
    role = account.removeprefix("local-")
    kind = "field" if role in ACCOUNTS else "role"  # of those two the role is the centre, or its register
    own = text.word(kind, role) if role != account and text.has(kind, role) else None
    return text("This machine's account ({role})", role=own) if own else account


def _word(text: Texts, name: str, value: str) -> Markup | None:
    """Of a field that holds a state, somebody who acted, or an event."""
    if name in TAGGED:
        return _tag(value, text.value(name, value))
    if name in ACTORS or name.endswith("_by"):
        return escape(_actor(text, name, value))
    if name in ACCOUNTS:
        return escape(account_name(text, value))
    if name.endswith("_no"):
        return Markup('<span class="nowrap">{}</span>').format(value)
    return escape(text.value(name, value)) if name == "type" else _of_figure(text, name, value)


def _of_figure(text: Texts, name: str, value: str) -> Markup | None:
    """When and whose a figure is."""
    if name in PERIODS:
        return Markup('<span title="{}"{}>{}</span>').format(value, NOWRAP, text.period(value))
    if name == "scope" and (found := SCOPE.fullmatch(value)):
        return Markup('<span title="{}">{}</span>').format(value, choices.label("region", found[1], text))
    return None


def _shown_text(text: Texts, name: str, value: str, names: Names) -> Markup:
    if (word := _word(text, name, value)) is not None:
        return word
    if value in names or name in NAMED:
        called = names.get(value) or choices.label(NAMED[name], value, text)
        return Markup('<span title="{}"{}>{}</span>').format(value, NOWRAP if WORKER_NO.fullmatch(called) else "", called)
    return _time(text, value) or _code(text, name, value) or escape(text.value(name, value))


def _time(text: Texts, value: str) -> Markup | None:
    """A day or moment. None: it is none, though it may look like one, since people type 2018-02-30 into a title."""
    try:
        if DAY.fullmatch(value):
            return Markup('<time datetime="{}">{}</time>').format(value, text.day(date.fromisoformat(value)))
        if MOMENT.match(value):
            return Markup('<time datetime="{}">{}</time>').format(value, text.moment(datetime.fromisoformat(value)))
    except (ValueError, OverflowError):
        return None
    return None


def _code(text: Texts, name: str, value: str) -> Markup | None:
    """Of what has no name: a certificate leads to itself, ids and digests are shortened, but for the digest of the thing itself."""
    if name == "serial" and CERTIFICATE.fullmatch(value):
        return Markup('<a class="nowrap" href="/certificates/{0}">{0}</a>').format(value)
    if IDENTIFIER.fullmatch(value):
        return Markup('<code title="{}">…{}</code>').format(value, value[-6:])
    if DIGEST.fullmatch(value) and name == "digest":  # what somebody compares with a paper; in a table it is cut by its style
        return Markup('<code class="digest">{}</code>').format(value)
    if DIGEST.fullmatch(value) and name == "terms_hash":
        whole = Markup('<details class="rest"><summary>{}</summary><code class="digest">{}</code></details>')
        return whole.format(text("To compare"), value)
    if DIGEST.fullmatch(value):
        return Markup('<code title="{}">{}…</code>').format(value, value[:12])
    return None


def _shown_object(text: Texts, value: Mapping[str, Any], names: Names) -> Markup:
    if len(value) == 1:
        return show(text, *next(iter(value.items())), names)
    if value.keys() == {"minor", "currency"}:
        return escape(text.money(value["minor"], value["currency"]))
    rows = Markup("").join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(text.word("field", name), show(text, name, part, names))
        for name, part in value.items()
        if not is_nothing(part)
    )
    return Markup("<dl class=inner>{}</dl>").format(rows)


def _shown_list(text: Texts, name: str, values: Sequence[Any], names: Names) -> Markup:
    shown = [show(text, name, one, names) for one in values]
    if all(isinstance(one, str) or (isinstance(one, Mapping) and len(one) == 1) for one in values):
        return escape(", " if text.language == "en" else "、").join(shown)
    return Markup("<ul class=inner>{}</ul>").format(Markup("").join(Markup("<li>{}</li>").format(one) for one in shown))


# --- tables --------------------------------------------------------------------------------------------------------------
OF_SOME = sentence("{some} … ({count} in all)")
IN_ALL = {  # the beginning of a long list, with what is counted
    "counties": sentence("{some} … ({count} counties in all)"),
    "enterprises": sentence("{some} … ({count} enterprises in all)"),
    "destinations": sentence("{some} … ({count} destinations in all)"),
    "occupations": sentence("{some} … ({count} occupations in all)"),
}
LONG = 60  # characters of a text, or this many of a list, that take a line of their own among facts
FEW = 4
MANY = 8  # of a list among facts


PERSON = {"personal.name": sentence("Full name")}  # fields whose own word also serves firms and places


def label_of(text: Texts, at: str) -> str:
    """The heading of a field at a dotted path."""
    return text(PERSON[at]) if at in PERSON else text.word("field", at.rpartition(".")[2])


SPEAKING = TAGGED | NAMED.keys() | {"name", "worker", "worker_no", "enterprise", "employer", "title", "centre"}  # say what they are


class Column(NamedTuple):
    at: str  # dotted path in a row
    label: str
    is_number: bool
    beneath: tuple[Column, ...] = ()  # what stands in the same cell

    @property
    def name(self) -> str:
        return self.at.rpartition(".")[2]

    @property
    def speaks(self) -> bool:
        """Whether a value of it needs no heading beside it, where a row is a card."""
        return self.name in SPEAKING and not self.is_number

    @property
    def leads(self) -> bool:
        """Whether it comes first on a card, after the name: how things stand."""
        return self.name in TAGGED


def columns_in(
    text: Texts,
    columns: Iterable[str],
    rows: Sequence[Any],
    words: Mapping[str, str] | None = None,
    beneath: Mapping[str, str] | None = None,
) -> list[Column]:
    """The columns that hold anything in these rows; the first, which leads to the row, always. `beneath`: column -> the one above it."""
    found: dict[str, Column] = {}
    for number, at in enumerate(columns):
        values = [value for row in rows if not is_nothing(value := pick(row, at))]
        if not values and number > 0:
            continue
        label = text(words[at]) if words and at in words else label_of(text, at)
        one = Column(at, label, bool(values) and all(_is_amount(text, at.rpartition(".")[2], value) for value in values))
        over = found.get((beneath or {}).get(at, ""))
        found[over.at if over else at] = over._replace(beneath=(*over.beneath, one)) if over else one
    return list(found.values())


def _is_amount(text: Texts, name: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.keys() in ({"minor", "currency"}, {SIGNED})
    return isinstance(value, int | float) and not isinstance(value, bool) and not text.has(f"value:{name}", str(value))


def in_cell(text: Texts, name: str, value: Any, names: Names | None = None, says: Mapping[str, str] | None = None) -> Markup:
    """As `show`, of a long list only the beginning; all of it where the pointer rests. `says`: sentences for values of this column."""
    if says and value in says:
        return _tag(value, text(says[value]))
    whole = show(text, name, value, names)
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence) or len(value) <= FEW:
        return whole
    shown = text(IN_ALL.get(name, OF_SOME), some=show(text, name, value[:FEW], names).striptags(), count=text.number(len(value)))
    return Markup('<span title="{}">{}</span>').format(whole.striptags(), shown)


def in_facts(text: Texts, name: str, value: Any, names: Names | None = None) -> Markup:
    """As `show`, what is beyond the first of a long list folded."""
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence) or len(value) <= MANY:
        return show(text, name, value, names)
    rest = text("{count} more", count=text.number(len(value) - MANY))
    first, others = (show(text, name, some, names) for some in (value[:MANY], value[MANY:]))
    return Markup('{}<details class="rest"><summary>{}</summary>{}</details>').format(first, rest, others)


def overdue(text: Texts, value: Any, today: date) -> Markup:
    """What marks the day or moment by which something was to be done, in words; nothing where it is not past."""
    days = (today - date.fromisoformat(str(value)[:10])).days if value else 0
    marked = Markup('<span class="tag late">{}</span>')
    return marked.format(text("days overdue: {days}", days=text.number(days))) if days > 0 else Markup()


def filled_in(fields: Iterable[str], item: Any, unset: Mapping[str, str]) -> list[str]:
    """The facts that there are; one with nothing in it only where that says something."""
    return [at for at in fields if at in unset or not is_nothing(pick(item, at))]


def is_long(value: Any) -> bool:
    """Whether a fact takes a line of its own."""
    if isinstance(value, Mapping):
        return value.keys() != {"minor", "currency"}
    return len(value) > (LONG if isinstance(value, str) else FEW) if isinstance(value, Sequence) else False


def _address(request: Request) -> str:
    """Of the page, within the console."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def redirect_to_login(request: Request, _error: Exception) -> Response:
    """To the login page and back; 401 where a script asks, which keeps the form that is being filled in."""
    if request.headers.get("x-form") or request.method != "GET":
        text = texts(language_of(request))
        message = text("Your session has ended. Log in again in another tab; what you typed here stays.")
        return render_for(request, "message.html", status=401, title=text("You are logged out"), message=message, actions=[])
    return Response(status_code=303, headers={"Location": "/login?" + urlencode({"next": _address(request)})})
