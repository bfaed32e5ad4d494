"""What DATABASE_URL may say: what the driver would misread, ignore or send on is refused, and no password is in the refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.postgres_settings import PostgresSettings
from shared.settings import wrong

SECRET = "hunter2"
GOOD = f"postgresql://docking:{SECRET}@db.example:5432/docking"


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)


def refusal(url: str, **more: Any) -> str:
    """The lines that an operator reads."""
    with pytest.raises(ValidationError) as refused:
        PostgresSettings(database_url=url, **more)
    lines = "\n".join(wrong(refused.value))
    assert SECRET not in lines
    return lines


@pytest.mark.parametrize(
    "url",
    [
        GOOD,
        "postgres://db",
        "postgresql://[::1]:5432/docking",
        "postgresql:///docking?host=/var/run/postgresql",
        f"postgresql://docking:{SECRET}%40%2F@one:5432,two:5433,three/docking?target_session_attrs=read-write",
        GOOD + "?sslmode=require",
    ],
)
def test_what_the_driver_understands_is_accepted(url: str) -> None:
    assert PostgresSettings(database_url=url).database_url.get_secret_value() == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"mysql://docking:{SECRET}@db/docking", "must be a postgresql:// URL"),
        (f"postgresql://docking:{SECRET}\u2100@db/docking", "must be a postgresql:// URL"),  # urlsplit quotes it in its error
        (f"postgresql://docking:{SECRET}@x@db/docking", "must be percent-encoded"),
        (f"postgresql://docking:12/{SECRET}@db/docking", "must be percent-encoded"),
        (f"postgresql://docking:{SECRET}/x@db/docking", "must be percent-encoded"),
        (f"postgresql://docking:{SECRET}#x@db/docking", "must be percent-encoded"),
        (f"postgresql://docking:{SECRET}@db:port/docking", "host or host:port"),
        (f"postgresql://docking:{SECRET}@one,,two/docking", "host or host:port"),
        (GOOD + "?sslmode", "name=value pairs"),
        (GOOD + "?sslmode=require&sslmode=disable", "names a parameter twice"),
        (GOOD + "?sslrotcert=/ca.pem", "has a parameter 'sslrotcert'; known are sslrootcert"),
        (GOOD + "?sslmode=verify_full", "has an sslmode that is none of disable"),
        (GOOD + "?sslmode=verify-full", "and no sslrootcert"),
        (GOOD + "?sslmode=verify-full&sslrootcert=/no/such.pem", "has an sslrootcert that is no readable file: /no/such.pem"),
        (GOOD + f"?sslrootcert={__file__}", "has sslrootcert, which is used only where sslmode is one of require"),
        (GOOD + f"?sslmode=require&sslcert={__file__}", "must have both, or neither"),
        (GOOD + "?target_session_attrs=standby", "leads to no primary"),
        ("postgresql:///docking?host=one,two", "must name several hosts before its path"),
    ],
)
def test_what_it_would_misread_or_ignore_is_refused_without_the_password(url: str, reason: str) -> None:
    shown = refusal(url)
    assert shown.startswith("DATABASE_URL: ")
    assert reason in shown


def test_the_owners_url_is_held_to_the_same_and_may_be_absent() -> None:
    assert "MIGRATION_DATABASE_URL: " in refusal(GOOD, migration_database_url=f"mysql://{SECRET}@db")
    assert PostgresSettings(database_url=GOOD, migration_database_url="").migrations_by() == ("DATABASE_URL", GOOD)


def test_where_the_environment_asks_for_verification_the_url_needs_no_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert "no sslrootcert" in refusal(GOOD)
    assert PostgresSettings(database_url=f"{GOOD}?sslrootcert={Path(__file__)}")
