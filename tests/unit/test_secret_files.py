"""Secrets reach a process as files, as an orchestrator mounts them."""

from __future__ import annotations

import base64
import inspect
import os
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from console.services import SERVICES
from console.web.settings import ConsoleSettings
from services.registration.settings import RegistrationSettings
from shared import secret_files
from shared.settings import wrong
from tests.support.http import service_of

KEY = base64.b64encode(bytes(32)).decode()
OPEN = {"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "HTTP_PORT": "8000"}


@pytest.fixture(autouse=True)
def _nothing_but(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine; what is no secret is in the environment."""
    for name in set(os.environ) & {field.upper() for field in RegistrationSettings.model_fields}:
        monkeypatch.delenv(name)
    for name, value in OPEN.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """A volume as Kubernetes lays it: the files are links into a folder that is exchanged as a whole."""
    held = tmp_path / "..2026_11_26"
    held.mkdir()
    (tmp_path / "..data").symlink_to(held.name)
    jwks = tmp_path / "jwks.json"
    jwks.write_text("{}")
    secrets = {
        "database_url": "postgresql://registration:one@postgres/registration",
        "registration_master_key": KEY,
        "registration_lookup_key": KEY,
        "auth_jwks": str(jwks),
    }
    for name, value in secrets.items():
        (held / name).write_text(f"{value}\n")
        (tmp_path / name).symlink_to(f"..data/{name}")
    return tmp_path


def test_a_service_reads_its_secrets_from_files(mounted: Path) -> None:
    settings = RegistrationSettings(_secrets_dir=mounted)
    assert settings.database_url.get_secret_value().endswith("@postgres/registration"), "without the end of the line"
    assert settings.registration_lookup_key.get_secret_value() == KEY


def test_a_variable_goes_before_the_file_of_its_name(mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://other@postgres/registration")
    settings = RegistrationSettings(_secrets_dir=mounted)
    assert settings.database_url.get_secret_value() == "postgresql://other@postgres/registration"


def test_a_wrong_file_is_named_without_what_is_in_it(mounted: Path) -> None:
    (mounted / "..data" / "registration_master_key").write_text("short-and-secret")
    with pytest.raises(ValidationError) as raised:
        RegistrationSettings(_secrets_dir=mounted)
    assert wrong(raised.value) == ["REGISTRATION_MASTER_KEY: Value error, must be 32 bytes in base64"]


def test_a_file_that_is_no_text_is_named_without_what_is_in_it(mounted: Path) -> None:
    (mounted / "..data" / "database_url").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError) as raised:
        RegistrationSettings(_secrets_dir=mounted)
    assert wrong(raised.value) == ["DATABASE_URL: cannot be read: not text, or not the JSON that it must be"]


def test_addresses_that_are_no_json_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_URLS", "http://registration")
    with pytest.raises(SettingsError) as raised:
        ConsoleSettings()
    assert wrong(raised.value) == ["SERVICE_URLS: cannot be read: not text, or not the JSON that it must be"]


@pytest.mark.parametrize("process", [*SERVICES, "console"])
def test_every_process_looks_into_the_folder_of_secrets_where_there_is_one(process: str) -> None:
    kind: type[BaseSettings] = ConsoleSettings if process == "console" else service_of(process).settings
    for one in kind.__mro__:
        if issubclass(one, BaseSettings) and one is not BaseSettings:
            assert one.model_config.get("secrets_dir") is secret_files.SECRETS_DIR, one
            assert one.__bases__ != (BaseSettings,) or "secrets_dir=SECRETS_DIR" in inspect.getsource(one), one
