"""What the benchmarks run on: a durable PostgreSQL and a Kafka in a temporary folder, and service processes on them."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import asyncpg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from console.local import kafka as kafka_local
from console.local import postgres as postgres_local
from console.local import processes
from console.local.processes import Spec
from shared.db import SHARED_MIGRATIONS, migrate
from shared.principals import NATION, Principal, Role
from shared.settings import Settings
from shared.web.auth import issue, new_key, public_keys

ROOT = Path(__file__).parents[2]
READY_SECONDS = 30.0
POOL_SIZE = 8


ReportStep = Callable[[str], Any]  # takes one line that says what is being measured


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchEnvironment:
    folder: Path
    kafka: str  # bootstrap servers
    postgres: postgres_local.Postgres
    signing: OKPKey
    events: int  # in the log that stats counts
    workers: int  # matched at once
    orders: int
    people: int  # registered behind the screens
    life_events: int  # that services catch up on
    people_events: int  # that the stats behind the screens has counted
    pids: dict[str, int] = field(default_factory=dict)  # of the two servers

    @property
    def jwks(self) -> Path:
        return self.folder / "jwks.json"

    def settings(self, prefix: str) -> Settings:
        """Settings for code that runs in this process."""
        return Settings(
            kafka_bootstrap_servers=self.kafka,
            database_url=SecretStr(self.postgres.url()),
            http_port=1,
            auth_jwks=self.jwks,
            topic_prefix=prefix,
            pool_size=POOL_SIZE,
        )

    def token(self, role: Role) -> str:
        return issue(self.signing, Principal(f"bench-{role}", role, (NATION,)))

    async def database(self, name: str, service: str | None = None) -> str:
        """URL of a new database; with a service's name its own migrations are applied beside the shared ones."""
        conn = await asyncpg.connect(self.postgres.url())
        try:
            await conn.execute(f'CREATE DATABASE "{name}"')
        finally:
            await conn.close()
        url = self.postgres.url(name)
        conn = await asyncpg.connect(url)
        try:
            await migrate(conn, SHARED_MIGRATIONS, *([ROOT / "services" / service / "migrations"] if service else []))
        finally:
            await conn.close()
        return url


@contextmanager
def start_environment(
    events: int, *, workers: int = 0, orders: int = 0, people: int = 0, people_events: int = 0, life_events: int = 0
) -> Iterator[BenchEnvironment]:
    """Both servers ready; stopped and deleted on leaving."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="laowu-bench-")))
        postgres, process = postgres_local.start(folder / "postgres", durable=True)
        stack.callback(processes.stop, process, postgres_local.spec(postgres))
        kafka, broker = kafka_local.start(folder / "kafka")
        stack.callback(processes.stop, broker, kafka_local.spec(kafka))
        signing = new_key()
        (folder / "jwks.json").write_text(json.dumps(public_keys([signing])))
        private = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "signing.pem").write_bytes(private)
        yield BenchEnvironment(
            folder=folder,
            kafka=kafka.bootstrap,
            postgres=postgres,
            signing=signing,
            events=events,
            workers=workers,
            orders=orders,
            people=people,
            people_events=people_events,
            life_events=life_events,
            pids={"Kafka": broker.pid, "PostgreSQL": process.pid},
        )


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers HTTP."""

    name: str
    base: str
    process: subprocess.Popen[bytes]


@contextmanager
def serve(environment: BenchEnvironment, name: str, module: str, *, database: str, prefix: str, **more: str) -> Iterator[Server]:
    """`python -m module`, ready; stopped on leaving. Raises AssertionError with its log when it does not come up."""
    [port] = processes.free_ports(1)
    variables: dict[str, str] = {
        "KAFKA_BOOTSTRAP_SERVERS": environment.kafka,
        "DATABASE_URL": database,
        "HTTP_PORT": str(port),
        "CONSOLE_PORT": str(port),
        "AUTH_JWKS": str(environment.jwks),
        "CALLER_REQUESTS_PER_SECOND": "0",  # the load is one caller's
        "CANARY_SECONDS": "0",  # nothing is published but the load
        "TOPIC_PREFIX": prefix,
        "POOL_SIZE": str(POOL_SIZE),
        "PYTHONPATH": str(ROOT),
        **processes.MALLOC,
        "REGISTRATION_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "REGISTRATION_LOOKUP_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "DOCKING_SIGNING_KEY": str(environment.folder / "signing.pem"),
        "TRAINING_SIGNING_KEY": str(environment.folder / "signing.pem"),
        **more,
    }
    spec = Spec(name=name, command=[sys.executable, "-m", module], log=environment.folder / f"{name}.log", environment=variables)
    process = processes.spawn(spec)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait_ready(f"{base}/readyz", process, spec.log)
        yield Server(name, base, process)
    finally:
        processes.stop(process, spec)


def _wait_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{address} is not ready:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2) as answer:  # noqa: S310  # a loopback address written above
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
