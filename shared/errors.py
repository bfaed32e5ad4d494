"""Refusals of a service: one class per reason, each with a stable slug; shared/web/problems.py renders them as problem documents.

Refused
├── Invalid       422  the request contradicts a rule; `field` names the field
├── NotFound      404
├── Conflict      409  an illegal step of a state machine, a lost race, a stale version; `state` is the present one
└── Limited       403  a rule of the programme forbids it to anybody
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refused(Exception):
    """A command is refused and nothing was written. `slug` is stable: clients may switch on it."""

    slug: ClassVar[str] = "REFUSED"
    status: ClassVar[int] = 422

    def __init__(self, detail: str = "", *, field: str | None = None, state: Any = None) -> None:
        super().__init__(detail or (type(self).__doc__ or self.slug).strip())
        self.field = field
        self.state = state


class Invalid(Refused):
    """The request contradicts a rule."""

    slug = "INVALID"
    status = 422


class NotFound(Refused):
    """There is no such thing."""

    slug = "NOT_FOUND"
    status = 404


class Conflict(Refused):
    """Things have moved on."""

    slug = "CONFLICT"
    status = 409


class VersionConflict(Conflict):
    """The aggregate has changed since the version that the command names."""

    slug = "VERSION_CONFLICT"


def require_version(named: int | None, actual: int) -> None:
    """Optimistic concurrency: None asks for no check. Raises VersionConflict when the command was made for another version."""
    if named is not None and named != actual:
        raise VersionConflict(f"the version is {actual}, not {named}", field="version", state={"version": actual})


class Limited(Refused):
    """A rule forbids it."""

    slug = "LIMITED"
    status = 403
