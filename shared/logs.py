"""Logs: one line per entry on stderr, as text or as JSON, with the id of the trace that it belongs to.

Of an exception that is not ours no message is written, only its kind and where it was raised: PostgreSQL and parsers quote what
they refuse, and that may be somebody's name. Ours are written without personal data.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Literal

from pydantic_core import to_json

from shared import traces

LogFormat = Literal["text", "json"]
LOG_FORMAT = "text, or json: one object per line, with the trace it belongs to as trace_id"
OWN = ("shared", "services", "console")


def configure_logging(service: str, level: str, form: LogFormat = "text") -> None:
    """One line per entry on stderr; the supervisor keeps it per service."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(service) if form == "json" else _Text(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiokafka").setLevel("WARNING")


class _Text(logging.Formatter):
    """A traceback takes lines of its own below its entry."""

    def __init__(self, service: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)s {service} %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # as logging calls it
        trace = traces.trace_id()
        return super().formatMessage(record) + (f" trace_id={trace}" if trace else "")

    def formatException(self, ei: object) -> str:  # noqa: N802
        return without_values(ei[1]) if isinstance(ei, tuple) and isinstance(ei[1], BaseException) else ""


class _Json(logging.Formatter):
    """Fields: time, level, service, logger, message; trace_id and error where there is one."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := traces.trace_id():
            entry["trace_id"] = trace
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = without_values(record.exc_info[1])
        return to_json(entry, inf_nan_mode="constants").decode()


def without_values(error: BaseException) -> str:
    """A traceback, causes first, without the messages of exceptions that are not ours."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    shown = [f"Traceback (most recent call last):\n{frames}"] if frames else []
    return "\n".join([*([without_values(before)] if before is not None else []), *shown, _kind(error)])


def _kind(error: BaseException) -> str:
    cls = type(error)
    if cls.__module__.partition(".")[0] in OWN:
        return f"{cls.__qualname__}: {error}"
    sqlstate, constraint = getattr(error, "sqlstate", None), getattr(error, "constraint_name", None)  # of asyncpg's
    known = [str(value) for value in (sqlstate, constraint) if value]
    return f"{cls.__module__}.{cls.__qualname__}" + (f" ({', '.join(known)})" if known else "")
