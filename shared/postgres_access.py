"""How a process reaches PostgreSQL by one URL: which of several hosts is the primary, and why one refuses."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import asyncpg

from shared.postgres_settings import PRIMARY

HOST_SECONDS = 1.5  # for each of several hosts: one that is cut off must not take the time of all
REFUSALS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

_IS_PRIMARY = "SELECT NOT (pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean)"
_last_primary: dict[str, str] = {}  # URL of several hosts -> URL of the one that was the primary last, which is asked first


class _Connection(asyncpg.Connection):
    """Knows the types of PostgreSQL itself from the connections before it. asyncpg asks for most array types on every connection, when a
    statement is the first that has one: each time 8 ms of the server's, which no statement of a command takes.
    """

    async def _introspect_types(self, oids: Collection[int], *rest: Any) -> tuple[Sequence[Any], Any]:
        ask: Any = super()._introspect_types  # type: ignore[misc]  # a private method: tests/integration/test_db.py
        asked = frozenset(oids)
        if max(asked) >= _FIRST_OWN_OID:
            return await ask(oids, *rest)  # type: ignore[no-any-return]
        if asked not in _known_types:
            _known_types[asked], _ = await ask(oids, *rest)
        return _known_types[asked], _NOT_ASKED


_FIRST_OWN_OID = 16_384  # of types that a database has beside those of PostgreSQL
_known_types: dict[frozenset[int], Sequence[Any]] = {}
_NOT_ASKED = SimpleNamespace(name="known")  # stands for the statement that asks; one without a name would have the next parsed again


# --- connecting -------------------------------------------------------------------------------------------------------
async def connect(url: str, **options: Any) -> asyncpg.Connection:
    """Where several hosts are named, a connection to the primary, or to any other while none is one: that serves reads.

    With target_session_attrs=read-write or primary, never to another. Raises one of REFUSALS.
    """
    hosts = _one_by_one(url)
    if len(hosts) == 1:
        return await _connect(url, options)
    refusal: BaseException | None = None
    chosen: asyncpg.Connection | None = None
    standbys: list[asyncpg.Connection] = []
    try:
        for host in hosts:
            try:
                conn, is_primary = await _ask(host, options)
            except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as error:
                refusal = error
                continue
            if is_primary:
                _last_primary[url] = host
                return conn
            standbys.append(conn)
        if not standbys or _only_primary(url):
            raise refusal or asyncpg.TargetServerAttributeNotMatched("none of the hosts is a primary")
        chosen = standbys[0]
        return chosen
    finally:
        for conn in standbys:
            if conn is not chosen:
                conn.terminate()


async def _connect(url: str, options: Mapping[str, Any]) -> asyncpg.Connection:
    return await asyncpg.connect(url, **{**options, "connection_class": _Connection})


async def _ask(host: str, options: Mapping[str, Any]) -> tuple[asyncpg.Connection, bool]:
    """A connection, and whether it leads to a primary."""
    conn = await _connect(host, {**options, "timeout": HOST_SECONDS, "target_session_attrs": "any"})
    with terminating(conn):
        return conn, await conn.fetchval(_IS_PRIMARY, timeout=HOST_SECONDS)


@contextmanager
def terminating(conn: asyncpg.Connection) -> Iterator[None]:
    """A connection that could not be made ready, or whose taker was cancelled meanwhile, keeps no session on the server."""
    try:
        yield
    except BaseException:
        conn.terminate()
        raise


def has_several_hosts(url: str) -> bool:
    return "," in urlsplit(url).netloc.rpartition("@")[2]


def _only_primary(url: str) -> bool:
    return dict(parse_qsl(urlsplit(url).query)).get("target_session_attrs") in PRIMARY


def _one_by_one(url: str) -> Sequence[str]:
    """A URL for each of its hosts, the last primary's first."""
    parts = urlsplit(url)
    who, at, hosts = parts.netloc.rpartition("@")
    found = [urlunsplit(parts._replace(netloc=f"{who}{at}{host}")) for host in hosts.split(",")]
    return sorted(found, key=lambda one: one != _last_primary.get(url))


# --- why one refuses --------------------------------------------------------------------------------------------------
def why(error: BaseException, setting: str = "DATABASE_URL") -> str:
    """One line for whoever runs the service: what the server or TLS refused, and the part of the setting that it is about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is refused: {error.verify_message} (sslmode, sslrootcert and the host of {setting})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error} (sslrootcert, sslcert and sslkey of {setting})"
    if "rejected SSL upgrade" in str(error):
        return f"the server has no TLS, and sslmode of {setting} asks for it"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return f"{error} (the user, password and sslmode, or sslcert and sslkey, of {setting})"
    return f"{str(error) or type(error).__name__} ({setting})"
