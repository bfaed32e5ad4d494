"""The bill of materials: `python -m tests.contracts.sbom FILE` writes what the programme is built from as CycloneDX 1.6 (`make sbom`).

Packages of requirements.lock with the hashes of every file that may be installed, what needs what, and Kafka's jars with the hashes of the
files that run here. The same lock gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from console.local import kafka
from tests.contracts import runtime_lock
from tests.contracts.code import ROOT
from tests.contracts.dependencies import JARS, Package, packages

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
Component = dict[str, Any]


def licences(expression: str) -> list[Component]:
    """As the format wants them: one by its id, what SPDX does not list by its name, more than one as an expression."""
    if expression.startswith("LicenseRef-"):
        return [{"license": {"name": expression.removeprefix("LicenseRef-")}}]
    return [{"expression": expression}] if " " in expression else [{"license": {"id": expression}}]


def of_package(package: Package) -> Component:
    purl = f"pkg:pypi/{package.name}@{package.version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "scope": "required" if package.in_image else "excluded",
        "licenses": licences(package.licence),
        "purl": purl,
        "externalReferences": [{"type": "distribution", "url": purl, "hashes": [digest(one) for one in package.hashes]}],
    }


def digest(sha256: str) -> Component:
    return {"alg": "SHA-256", "content": sha256}


def jars(folder: Path) -> Iterator[Component]:
    """Those that run here. Raises KeyError for one that dependencies.JARS does not know."""
    for file in sorted(folder.glob("*.jar")):
        artifact, version = parted(file)
        group, licence = JARS[artifact]
        purl = f"pkg:maven/{group}/{artifact}@{version}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "group": group,
            "name": artifact,
            "version": version,
            "scope": "excluded",
            "hashes": [digest(hashlib.sha256(file.read_bytes()).hexdigest())],
            "licenses": licences(licence),
            "purl": purl,
        }


def parted(jar: Path) -> tuple[str, str]:
    """(artifact, version)"""
    name = max((one for one in JARS if jar.name.startswith(f"{one}-") and jar.name[len(one) + 1].isdigit()), key=len, default=jar.stem)
    return name, jar.stem.removeprefix(f"{name}-")


def needed_by(lines: list[str], extras: set[str]) -> list[str]:
    """References of the pinned packages that these requirements lead to."""
    found = set()
    refs = {package.name: of_package(package)["bom-ref"] for package in packages()}
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        applies = marker is None or any(marker.evaluate({**runtime_lock.IMAGE, "extra": extra}) for extra in extras)
        if applies and canonicalize_name(requirement.name) in refs:
            found.add(refs[canonicalize_name(requirement.name)])
    return sorted(found)


def extras_of() -> dict[str, set[str]]:
    """Package -> extras that something in the lock asks of it."""
    found: dict[str, set[str]] = {package.name: {""} for package in packages()}
    own = [*PROJECT["dependencies"], *(line for lines in PROJECT["optional-dependencies"].values() for line in lines)]
    for line in own + [line for package in packages() for line in requires(package.name) or ()]:
        requirement = Requirement(line)
        found.get(canonicalize_name(requirement.name), set()).update(requirement.extras)
    return found


def bill(folder: Path | None) -> Component:
    """folder: of Kafka's jars; None leaves them out."""
    components = [*map(of_package, packages()), *(jars(folder) if folder else ())]
    extras = extras_of()
    own = [*PROJECT["dependencies"], *(line for lines in PROJECT["optional-dependencies"].values() for line in lines)]
    root = f"pkg:pypi/{PROJECT['name']}@{PROJECT['version']}"
    of_jars = [one["bom-ref"] for one in components if one["purl"].startswith("pkg:maven/")]
    needs = [{"ref": root, "dependsOn": needed_by(own, {""}) + of_jars}]
    needs += [
        {"ref": of_package(package)["bom-ref"], "dependsOn": needed_by(list(requires(package.name) or ()), extras[package.name])}
        for package in packages()
    ]
    whole = {"name": PROJECT["name"], "version": PROJECT["version"], "type": "application", "bom-ref": root, "purl": root}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid5(NAMESPACE_URL, json.dumps(components)).urn,
        "version": 1,
        "metadata": {"component": whole},
        "components": components,
        "dependencies": needs,
    }


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    made = bill(kafka.fetch_jars())
    target.write_text(json.dumps(made, indent=1) + "\n")
    print(f"{target}: {len(made['components'])} components")  # noqa: T201
