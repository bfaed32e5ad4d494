"""docs/rules.md holds every article and parameter that the code cites: no more parameters, with no other defaults.

Every rule leads to its code and its test, every fault reported elsewhere to its test.
"""

from __future__ import annotations

import ast
import importlib
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.services import SERVICES
from tests.contracts.code import ROOT, name, python_files, tree
from tests.contracts.documents import described

RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
ARTICLE = re.compile(r"\b[ECW][0-9]{1,2}\b", re.ASCII)
SECTION = re.compile(r"\brules\.md (?:section )?([0-9](?:\.[0-9])?)", re.ASCII)
SUPPRESSION = re.compile(r"noqa\b.*")  # E501 and its like are the linter's

stated = {row[1]: row[2] for row in re.finditer(r"^\| `([A-Z_]+)` \| ([^|]*) \|", RULES, re.MULTILINE)}
articles = set(re.findall(r"^\| ([ECW][0-9]{1,2}) \|", RULES, re.MULTILINE))
headings = set(re.findall(r"^#+ ([0-9](?:\.[0-9])?)\.? ", RULES, re.MULTILINE))


def parameters(service: str) -> dict[str, str]:
    """Variable -> default of the service's own settings."""
    policy = importlib.import_module(f"services.{service}.settings").Policy
    fields = policy.model_fields.items()
    return {variable.strip("`"): default for variable, default, _ in (described(name, field) for name, field in fields)}


def prose(file: Path) -> Iterator[str]:
    """Comments, and strings: docstrings and descriptions of settings cite rules too."""
    with tokenize.open(file) as source:
        for token in tokenize.generate_tokens(io.StringIO(source.read()).readline):
            if token.type == tokenize.COMMENT:
                yield SUPPRESSION.sub("", token.string)
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def cited(pattern: re.Pattern[str]) -> dict[str, set[str]]:
    """What is cited -> where, in the Python files and migrations of all services."""
    found: dict[str, set[str]] = {}
    texts = [(file, text) for file in python_files("services") for text in prose(file)]
    texts += [(file, file.read_text(encoding="utf-8")) for file in sorted((ROOT / "services").rglob("*.sql"))]
    for file, text in texts:
        for match in pattern.findall(text):
            found.setdefault(match, set()).add(name(file))
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_parameter_is_listed_with_its_default(service: str) -> None:
    expected = parameters(service)
    assert {variable: stated.get(variable) for variable in expected} == expected


def test_no_parameter_is_listed_that_is_not_read() -> None:
    assert stated.keys() <= {variable for service in SERVICES for variable in parameters(service)}


def test_every_article_that_is_cited_is_listed() -> None:
    found = cited(ARTICLE)
    assert {"E1", "C6", "W1"} <= found.keys()
    assert not {article: files for article, files in found.items() if article not in articles}


def test_every_section_that_is_cited_exists() -> None:
    assert not {section: files for section, files in cited(SECTION).items() if section not in headings}


def test_every_rule_of_the_law_leads_to_its_code_and_its_test() -> None:
    index = RULES.partition("### 1.5 ")[2].partition("## 2. ")[0]
    led = set(re.findall(r"^\| ([ECW][0-9]{1,2}) \| `services/.*\| `tests/", index, re.MULTILINE))
    elsewhere = {"E2", "C3", "W6"}  # the sentence below the table
    assert led | elsewhere == articles


def test_every_field_case_is_listed_with_a_file_that_tests_it() -> None:
    tested = {
        (f"F{number}", name(file))
        for file in python_files("tests")
        for number in re.findall(r"def test_field_case_f([0-9]+)_", file.read_text())
    }
    listed = set(re.findall(r"^\| (F[0-9]{1,2}) \|.*\| `(tests/[a-z_/]+\.py)` \|$", RULES, re.MULTILINE))
    assert {case for case, _ in tested} == {case for case, _ in listed}
    assert listed <= tested


def test_every_file_that_is_named_exists() -> None:
    named = re.findall(r"`([a-z_]+/[a-z_/]+\.[a-z]+)`", RULES)
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]
