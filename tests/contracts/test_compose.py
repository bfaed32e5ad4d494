"""docker-compose.yml is checked against the services' own settings, so that it cannot rot where no container engine runs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from console.local import compose_env, home, mail_sink, processes, secret_keys
from console.services import SERVICES
from console.web.settings import ConsoleSettings
from shared.principals import Principal, Role
from shared.settings import Settings
from shared.token_settings import TokenSettings
from shared.web import operations
from shared.web.auth import Verifier, issue
from tests.contracts import runtime_lock
from tests.contracts.code import ROOT
from tests.contracts.compose import COMPOSE, ISSUER_CA, JOB, PARTS, VARIABLE, environment
from tests.support.http import service_of

DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROCESSES = (*SERVICES, "console", "mail")  # ours

every_service = pytest.mark.parametrize("service", SERVICES)


# --- settings -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def settings(service: str, variables: dict[str, str], written: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The service's settings as its container reads them."""
    kind = service_of(service).settings
    for name in set(os.environ) & {field.upper() for field in kind.model_fields}:
        monkeypatch.delenv(name)
    for name, value in environment(service, variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(written)  # no .env of this checkout
    return kind()


def test_the_file_holds_what_a_local_stack_holds() -> None:
    assert set(PARTS) - {JOB} == set(home.PORTS) - {"kafka-controller"}


def test_the_image_allocates_memory_as_a_local_stack_does() -> None:
    set_there = dict(re.findall(r"^ +(?:ENV )?(MALLOC_\w+)=(\S+)", DOCKERFILE, re.MULTILINE))
    assert set_there == processes.MALLOC


@every_service
def test_a_service_gets_every_setting_it_needs_and_none_it_does_not_know(service: str, settings: Settings) -> None:
    known = {field.upper() for field in type(settings).model_fields}
    assert set(PARTS[service]["environment"]) <= known
    assert PARTS[service]["command"] == [f"services.{service}"]


@every_service
def test_a_service_has_a_database_and_an_account_of_its_own(service: str, settings: Settings, variables: dict[str, str]) -> None:
    url = urlsplit(settings.database_url.get_secret_value())
    assert (url.hostname, url.port, url.path, url.username) == ("postgres", 5432, f"/{service}", service)
    assert url.password == variables[f"{service.upper()}_PASSWORD"]
    assert len({variables[name] for name in variables if name.endswith("_PASSWORD")}) == 2 * len(SERVICES) + 1
    assert settings.migration_database_url is None, "the owner's password is the migrations' alone"


@every_service
def test_a_service_calls_kafka_at_a_listener_that_kafka_announces(service: str, settings: Settings, variables: dict[str, str]) -> None:
    assert "kafka" in PARTS[service]["depends_on"]
    announced = environment("kafka", variables)["KAFKA_ADVERTISED_LISTENERS"]
    assert f"INTERNAL://{settings.kafka_bootstrap_servers}" in announced.split(",")
    assert settings.topic_replication is None, "as many replicas as the brokers there are allow"


@every_service
def test_the_port_asked_for_health_is_the_port_listened_on(service: str, settings: Settings) -> None:
    probed = re.search(r"/dev/tcp/127\.0\.0\.1/(\d+) .*GET (/\w+) ", health_check(service))
    assert probed
    assert int(probed[1]) == settings.http_port
    assert probed[2] in {getattr(route, "path", None) for route in operations.router.routes}
    assert PARTS[service]["ports"][0].endswith(f":{settings.http_port}")
    assert f"EXPOSE {settings.http_port}\n" in DOCKERFILE
    assert "HTTP_HOST=0.0.0.0" in DOCKERFILE, "127.0.0.1 inside a container is the container's own"


@every_service
def test_every_key_file_is_mounted_where_the_service_looks(service: str, settings: Settings) -> None:
    mounted = {Path("/run/secrets") / name for name in PARTS[service]["secrets"] if name != ISSUER_CA}
    read = {value for value in settings.model_dump().values() if isinstance(value, Path)}
    assert read == mounted
    for secret in PARTS[service]["secrets"]:
        assert Path(COMPOSE["secrets"][secret]["file"]).parent == compose_env.KEYS


@pytest.mark.parametrize("part", [*SERVICES, "console"])
def test_every_setting_that_says_whose_tokens_are_believed_is_taken_from_env(part: str, variables: dict[str, str]) -> None:
    asked = {name.upper() for name in TokenSettings.model_fields}
    given = environment(part, variables | dict.fromkeys(asked, "of .env"))
    assert {name for name, value in given.items() if value == "of .env"} == asked
    assert ISSUER_CA in PARTS[part]["secrets"]
    assert environment(part, variables)["AUTH_JWKS"] == "/run/secrets/auth_jwks", "without an issuer"


@pytest.mark.parametrize("service", ["docking"])
def test_people_log_in_at_the_issuer_that_env_names(
    service: str, variables: dict[str, str], written: Path, of_console: Callable[..., ConsoleSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = {
        "AUTH_ISSUER": "https://id.example/realms/labour",
        "AUTH_AUDIENCE": "laowu",
        "AUTH_ROLES": '{"labour-clerk": "clerk"}',
        "AUTH_JWKS": "",
        "CONSOLE_CLIENT_ID": "laowu-console",
    }
    for part in (service, "console"):
        for name, value in environment(part, variables | issuer).items():
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(written)
    for settings in (service_of(service).settings(), of_console()):
        assert settings.auth_issuer == issuer["AUTH_ISSUER"]
        assert settings.auth_roles == {"labour-clerk": Role.CLERK}
        assert settings.auth_jwks is None
    assert of_console().console_client_id == "laowu-console"


@every_service
def test_a_stop_is_waited_for_longer_than_a_service_takes(service: str, settings: Settings) -> None:
    assert int(PARTS[service]["stop_grace_period"].removesuffix("s")) > settings.drain_seconds + 5


# --- the console ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def of_console(variables: dict[str, str], written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ConsoleSettings]:
    """The console's settings as its container reads them: its environment, and its secrets as files; or with a setting more."""
    for name in set(os.environ) & {field.upper() for field in ConsoleSettings.model_fields}:
        monkeypatch.delenv(name)
    for name, value in environment("console", variables).items():
        monkeypatch.setenv(name, value)
    for secret in PARTS["console"]["secrets"]:
        shutil.copy(written / "keys" / Path(COMPOSE["secrets"][secret]["file"]).name, tmp_path / secret)
    return partial(ConsoleSettings, _secrets_dir=tmp_path)


def test_the_console_gets_every_setting_it_needs_and_its_secrets_as_files(
    of_console: Callable[..., ConsoleSettings], written: Path
) -> None:
    settings = of_console()
    assert PARTS["console"]["command"] == ["console.web"]
    assert (settings.console_host, settings.console_port) == ("0.0.0.0", 8000)
    assert settings.service_urls == {service: f"http://{service}:8000" for service in SERVICES}
    assert settings.auth_jwks == Path("/run/secrets/auth_jwks")
    assert settings.session_key.get_secret_value() == secret_keys.session_key(home.Home(written / "keys"))
    assert "SESSION_KEY" not in PARTS["console"]["environment"], "whoever may inspect a container reads its environment"
    assert "/dev/tcp/127.0.0.1/8000 " in health_check("console")
    assert PARTS["console"]["ports"] == ["127.0.0.1:${CONSOLE_PORT:-8100}:8000"]


def test_nobody_may_choose_a_role_at_a_console_in_a_container(of_console: Callable[..., ConsoleSettings], tmp_path: Path) -> None:
    assert of_console().local_accounts_key is None
    with pytest.raises(ValidationError, match="CONSOLE_HOST must be a loopback address"):
        of_console(local_accounts_key=tmp_path / "auth.json")


@every_service
def test_letters_go_to_the_mail_server_of_the_file_unless_another_is_named(
    service: str, settings: Settings, variables: dict[str, str]
) -> None:
    assert settings.smtp_url is not None
    assert settings.smtp_url.get_secret_value() == "smtp://mail:8025"
    program, folder, port, host = PARTS["mail"]["command"]
    assert (program, port, host) == ("console.local.mail_sink", "8025", "0.0.0.0")
    assert folder == environment("mail", variables)["LAOWU_HOME"], "where `laowu mail` looks in the container"
    assert f"/dev/tcp/127.0.0.1/{port} " in health_check("mail")
    assert settings.console_url == "http://127.0.0.1:8100"
    assert environment(service, {**variables, "SMTP_URL": "smtp://mail.example", "CONSOLE_PORT": "9"})["SMTP_URL"] == "smtp://mail.example"
    assert environment(service, {**variables, "CONSOLE_PORT": "9"})["CONSOLE_URL"] == "http://127.0.0.1:9"


# --- secrets --------------------------------------------------------------------------------------------------------------
def test_no_secret_is_written_in_the_file() -> None:
    for part, definition in PARTS.items():
        for name, value in definition.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|_KEY$|DATABASE_URL", name) and not str(value).startswith("/run/secrets/"):
                assert re.search(r"\$\{\w+:\?[^}]+\}", str(value)), f"{part}: {name} must be required from the environment"
                assert "password" not in VARIABLE.sub("", str(value)).lower()


def test_the_written_secrets_are_private_and_not_written_twice(written: Path) -> None:
    file, keys = written / ".env", written / "keys"
    before = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert compose_env.write_env(file, keys) is False
    assert file.read_bytes() == before
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/.env", "/.laowu/"} <= set(ignored)


def test_what_a_later_version_needs_is_added_to_the_secrets_that_are_there(written: Path) -> None:
    file, keys = written / ".env", written / "keys"
    older = "".join(line for line in file.read_text().splitlines(keepends=True) if not line.startswith("ENDPOINT_KEY="))
    file.write_text(older)
    assert compose_env.write_env(file, keys) is True
    added = file.read_text().removeprefix(older)
    assert re.fullmatch(r"ENDPOINT_KEY=\S{44}\n", added)


async def test_the_written_keys_fit_together(written: Path) -> None:
    files = {secret["file"]: written / "keys" / Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert all(file.exists() for file in files.values())
    key = secret_keys.auth_key(home.Home(written / "keys"))
    who = Principal("tester", Role.AUDITOR)
    assert await Verifier.load(written / "keys" / "auth.jwks.json").principal(issue(key, who)) == who
    assert "d" not in json.loads((written / "keys" / "auth.jwks.json").read_text())["keys"][0], "only the public half"


# --- containers -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("part", sorted(PARTS))
def test_every_container_has_a_bound_on_memory_a_health_check_and_local_ports_only(part: str) -> None:
    definition = PARTS[part]
    assert re.fullmatch(r"\d+m", definition["mem_limit"])
    assert definition["healthcheck"] == {"disable": True} if part == JOB else definition["healthcheck"]["test"][0] == "CMD"
    assert definition["restart"] == ("no" if part == JOB else "unless-stopped")
    assert all(port.startswith("127.0.0.1:") for port in definition.get("ports", []))


@pytest.mark.parametrize("part", [*PROCESSES, JOB])
def test_a_process_of_ours_can_write_to_nothing_of_its_image_and_has_no_right_of_root(part: str) -> None:
    definition = PARTS[part]
    assert definition["read_only"] is True
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]


def test_the_image_is_built_once() -> None:
    assert [part for part in PARTS if "build" in PARTS[part]] == [JOB], "which runs before all others"
    assert {PARTS[part]["pull_policy"] for part in (*PROCESSES, JOB)} == {"never"}


@every_service
def test_a_service_starts_when_kafka_is_healthy_and_all_migrations_are_applied(service: str) -> None:
    assert PARTS[service]["depends_on"] == {
        "kafka": {"condition": "service_healthy"},
        JOB: {"condition": "service_completed_successfully"},
    }
    assert PARTS[JOB]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_images_are_pinned() -> None:
    assert PARTS["kafka"]["image"] == "apache/kafka:4.4.0"
    assert PARTS["postgres"]["image"] == "postgres:18"
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:3.11-slim"}
    assert {PARTS[part]["image"] for part in (*PROCESSES, JOB)} == {"laowu:local"}


def test_what_must_survive_lies_on_named_volumes(variables: dict[str, str]) -> None:
    mounts = {part: dict(volume.split(":") for volume in PARTS[part].get("volumes", [])) for part in PARTS}
    assert {volume for part in mounts.values() for volume in part} == set(COMPOSE["volumes"])
    assert mounts["kafka"]["kafka"] == environment("kafka", variables)["KAFKA_LOG_DIRS"]
    assert mounts["postgres"]["postgres"] == "/var/lib/postgresql", "where the image of PostgreSQL 18 keeps its data"
    assert mounts["mail"]["mail"] == environment("mail", variables)["LAOWU_HOME"]
    assert f"--owner=laowu --mode=700 {mounts['mail']['mail']}\n" in DOCKERFILE, "a new volume is owned as the image's folder is"


def test_no_nameless_volume_is_made_that_would_outlive_the_containers() -> None:
    """The image of Kafka declares three volumes."""
    mounted = {volume.split(":")[1] for volume in PARTS["kafka"]["volumes"]} | set(PARTS["kafka"]["tmpfs"])
    assert mounted == {"/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"}


def test_kafka_creates_no_topic_by_itself(variables: dict[str, str]) -> None:
    assert environment("kafka", variables)["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


# --- health checks --------------------------------------------------------------------------------------------------------
def health_check(part: str) -> str:
    """What the container's shell is given."""
    kind, shell, option, script = PARTS[part]["healthcheck"]["test"]
    assert (kind, shell, option) == ("CMD", "bash", "-c")
    return str(script).replace("$$", "$")


async def found_healthy(part: str, port: int) -> bool:
    """By the container's own check, at another port."""
    script = re.sub(r"(/dev/tcp/127\.0\.0\.1/)\d+", rf"\g<1>{port}", health_check(part))
    process = await asyncio.create_subprocess_exec("bash", "-c", script, stderr=asyncio.subprocess.DEVNULL)
    try:
        return await asyncio.wait_for(process.wait(), 2) == 0
    except TimeoutError:
        process.kill()
        await process.wait()
        return False


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """A server that answers every line with this, or not at all; gives its port."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answered if answer else silent, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_kafka_is_healthy_when_it_answers(kafka: str) -> None:
    assert await found_healthy("kafka", int(kafka.rpartition(":")[2]))


async def test_a_mail_server_is_healthy_when_it_greets(tmp_path: Path) -> None:
    async with mail_sink.keeping(tmp_path) as port:
        assert await found_healthy("mail", port)


@pytest.mark.parametrize("part", ["stats", "console"])
@pytest.mark.parametrize(("status", "healthy"), [("200 OK", True), ("503 Service Unavailable", False)])
async def test_a_process_is_healthy_when_it_says_that_it_is_ready(part: str, status: str, *, healthy: bool) -> None:
    async with answering(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode()) as port:
        assert await found_healthy(part, port) is healthy


@pytest.mark.parametrize("part", ["kafka", "stats", "mail"])
async def test_what_is_not_there_or_accepts_connections_and_answers_nothing_is_not_healthy(part: str) -> None:
    async with answering(b"") as port:
        assert not await found_healthy(part, port)
    assert not await found_healthy(part, port)


# --- make test-compose ----------------------------------------------------------------------------------------------------
def test_nothing_is_left_of_the_containers_of_a_test_run_that_did_not_come_up(tmp_path: Path) -> None:
    for name, script in {"docker": 'echo "$COMPOSE_PROJECT_NAME $*" >>called; [ "$2" != up ]', "python": "touch tested"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    command = ["make", f"--file={ROOT / 'Makefile'}", "--old-file=.venv/ready", f"BIN={tmp_path}", "test-compose"]
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    made = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, text=True, check=False)
    assert made.returncode != 0
    called = (tmp_path / "called").read_text().splitlines()
    assert called[0] == "laowu-e2e compose up --build --detach --wait"
    assert called[-1] == "laowu-e2e compose down --volumes"


# --- image ----------------------------------------------------------------------------------------------------------------
def test_the_image_installs_pinned_packages_with_hashes_and_runs_as_nobody_in_particular() -> None:
    assert "--require-hashes -r requirements.runtime.lock" in DOCKERFILE
    assert re.search(r"^USER (?!0|root)", DOCKERFILE, re.MULTILINE)


def test_the_same_lock_and_sources_give_the_same_files() -> None:
    """With SOURCE_DATE_EPOCH Python writes the hash of a source into what it compiles, without it the time of the file."""
    assert DOCKERFILE.index("ARG SOURCE_DATE_EPOCH=") < DOCKERFILE.index("FROM ")
    for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]:
        assert stage.index("\nARG SOURCE_DATE_EPOCH\n") < stage.index("\nRUN ")
    assert "--only-binary :all:" in DOCKERFILE, "what is built from source depends on the machine"
    assert not re.search(r"apt-get|curl|wget|:latest", DOCKERFILE), "what is fetched without a hash may be another tomorrow"


def test_the_pins_of_the_image_are_fresh() -> None:
    assert runtime_lock.FILE.read_text() == runtime_lock.text(), "stale: python -m tests.contracts.runtime_lock"


def test_what_the_dockerfile_copies_is_let_through() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--from" not in line}
    assert copied == let_through
    assert all((ROOT / one).exists() for one in copied)
