"""What the programme is built from is listed, may be handed on, and cannot change unnoticed."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from console.local import kafka
from tests.contracts import dependencies, runtime_lock, sbom
from tests.contracts.code import ROOT
from tests.contracts.dependencies import APART, JARS, PERMISSIVE, UNCHANGED, admitted, packages

DOCKERFILE = (ROOT / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def jars() -> Path:
    return kafka.fetch_jars()


# --- licences -------------------------------------------------------------------------------------------------------------
def test_what_is_in_the_image_may_be_handed_on_with_a_programme_of_any_licence() -> None:
    refused = {one.name: one.licence for one in packages() if one.in_image and not admitted(one.licence, PERMISSIVE | UNCHANGED)}
    assert not refused


def test_what_is_on_a_developers_machine_may_be_used_there() -> None:
    among = PERMISSIVE | UNCHANGED
    assert not {one.name: one.licence for one in packages() if not admitted(one.licence, among | {APART.get(one.name, "MIT")})}
    assert not [one.name for one in packages() if one.in_image and one.name in APART]
    assert not [name for name, (_, licence) in JARS.items() if not admitted(licence, PERMISSIVE)]


@pytest.mark.parametrize(
    ("licence", "may"),
    [("MIT", True), ("GPL-3.0-only", False), ("GPL-3.0-only OR MIT", True), ("MIT AND AGPL-3.0-only", False), ("BSD", False)],
)
def test_a_licence_is_admitted_by_one_of_its_alternatives_whole(licence: str, *, may: bool) -> None:
    assert admitted(licence, PERMISSIVE | UNCHANGED) is may


def test_nothing_is_listed_by_hand_that_is_not_there() -> None:
    assert set(dependencies.BY_HAND) <= {one.name for one in packages()}
    assert all((ROOT / folder).is_dir() for folder in dependencies.COPIED)


def test_every_jar_is_known_and_says_of_itself_what_is_written_of_it(jars: Path) -> None:
    found = {sbom.parted(file): file for file in jars.glob("*.jar")}
    assert {artifact for artifact, _ in found} == set(JARS)
    for (artifact, _), file in found.items():
        with zipfile.ZipFile(file) as packed:
            poms = [name for name in packed.namelist() if re.search(rf"/{re.escape(artifact)}/pom\.properties$", name)]
            groups = {group for name in poms for group in re.findall(r"groupId=(\S+)", packed.read(name).decode())}
        assert groups <= {JARS[artifact][0]}, artifact


# --- bill of materials ----------------------------------------------------------------------------------------------------
def test_the_bill_of_materials_has_the_form_of_cyclonedx_and_names_everything_once(jars: Path) -> None:
    made = sbom.bill(jars)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made)) is None
    refs = [one["bom-ref"] for one in made["components"]]
    assert len(refs) == len(set(refs)) == len(packages()) + len(JARS)
    assert {one["ref"] for one in made["dependencies"]} <= {*refs, made["metadata"]["component"]["bom-ref"]}
    assert sbom.bill(jars) == made, "the same lock gives the same bill"


def test_the_bill_names_what_the_image_installs_and_how_it_came_in() -> None:
    made = sbom.bill(None)
    required = {one["name"] for one in made["components"] if one["scope"] == "required"}
    assert required == runtime_lock.needed(runtime_lock.pins())
    needs = {one["ref"]: one["dependsOn"] for one in made["dependencies"]}
    reached, waiting = set(), [made["metadata"]["component"]["bom-ref"]]
    while waiting:
        reached.add(ref := waiting.pop())
        waiting += [one for one in needs.get(ref, ()) if one not in reached]
    assert {one["bom-ref"] for one in made["components"] if one["scope"] == "required"} <= reached


def test_every_package_can_only_be_installed_as_the_files_that_were_locked() -> None:
    assert all(one.hashes and re.fullmatch(r"\d[\w.+!]*", one.version) for one in packages())
