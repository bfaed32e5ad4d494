"""Where a service's database is and who the process is there, from the environment. What is refused is named without its password."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kafka_settings import absent_if_empty
from shared.secret_files import SECRETS_DIR

SCHEMES = ("postgresql", "postgres")
TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
CHECKED = ("require", "verify-ca", "verify-full")  # the modes in which certificates are looked at
FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
PRIMARY = ("read-write", "primary")
KNOWN = (*FILES, "sslmode", "sslpassword", "ssl_min_protocol_version", "target_session_attrs", "host", "port", "dbname", "application_name")


def checked_url(secret: SecretStr) -> SecretStr:
    """The URL as it is. Raises ValueError for what asyncpg would misread, ignore, or send to the server as a setting of its own."""
    try:
        parts = urlsplit(secret.get_secret_value())
    except ValueError:  # its message may have the password in it
        parts = urlsplit("")
    if parts.scheme not in SCHEMES:
        raise ValueError("must be a postgresql:// URL")
    if parts.fragment or "@" in parts.netloc.rpartition("@")[0] + parts.path:
        raise ValueError("has a sign in its user or password that must be percent-encoded, such as %40 for @, %2F for / or %23 for #")
    _check_hosts(parts.netloc.rpartition("@")[2])
    _check_query(parts.query)
    return secret


def _check_hosts(hosts: str) -> None:
    for host in hosts.split(","):
        name, _, port = host.rpartition(":") if ":" in host.rpartition("]")[2] else (host, "", "5432")
        if not port.isdecimal() or not 0 < int(port) < 65536 or ("," in hosts and not name):
            raise ValueError("must name its server as host or host:port, several of them separated by commas")


def _check_query(query: str) -> None:
    try:
        found = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ValueError("must end in name=value pairs after its ?, separated by &") from None
    given = dict(found)
    if len(given) != len(found):
        raise ValueError("names a parameter twice")
    if unknown := sorted(set(given) - set(KNOWN)):
        raise ValueError(f"has a parameter {unknown[0][:40]!r}; known are {', '.join(KNOWN)}")
    if "," in given.get("host", ""):
        raise ValueError("must name several hosts before its path: postgresql://user:password@one:5432,two:5432/database")
    if given.get("target_session_attrs", "any") not in ("any", *PRIMARY):
        raise ValueError("has a target_session_attrs that leads to no primary: a service writes; any, primary or read-write")
    _check_tls(given)


def _check_tls(given: dict[str, str]) -> None:
    mode = given.get("sslmode") or os.environ.get("PGSSLMODE", "prefer")
    if mode not in TLS_MODES:
        raise ValueError(f"has an sslmode that is none of {', '.join(TLS_MODES)}")
    for name in FILES:
        if name not in given:
            continue
        if mode not in CHECKED:
            raise ValueError(f"has {name}, which is used only where sslmode is one of {', '.join(CHECKED)}")
        if not os.access(given[name], os.R_OK) or not Path(given[name]).is_file():
            raise ValueError(f"has an {name} that is no readable file: {given[name]}")
    if ("sslkey" in given) != ("sslcert" in given):
        raise ValueError("has one of sslcert and sslkey: it must have both, or neither")
    if mode in ("verify-ca", "verify-full") and "sslrootcert" not in given and "PGSSLROOTCERT" not in os.environ:
        raise ValueError(f"has sslmode={mode} and no sslrootcert: the PEM file with the authorities that sign the server's certificate")


DatabaseUrl = Annotated[SecretStr, AfterValidator(checked_url)]
OptionalDatabaseUrl = Annotated[
    SecretStr | None, BeforeValidator(absent_if_empty), AfterValidator(lambda url: None if url is None else checked_url(url))
]


class PostgresSettings(BaseSettings):
    """The part of a service's settings that `python -m services.NAME migrate` needs."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, secrets_dir=SECRETS_DIR)

    database_url: DatabaseUrl = Field(
        description="postgresql:// URL of the service's own database, with sslmode, sslrootcert, sslcert and sslkey where it has TLS; "
        "of several hosts, separated by commas, it writes to the primary"
    )
    migration_database_url: OptionalDatabaseUrl = Field(
        default=None, description="the same database for the role that owns its tables; only migrations are run by it"
    )

    def migrations_by(self) -> tuple[str, str]:
        """The setting by which migrations are run, and its URL."""
        if self.migration_database_url is not None:
            return "MIGRATION_DATABASE_URL", self.migration_database_url.get_secret_value()
        return "DATABASE_URL", self.database_url.get_secret_value()
