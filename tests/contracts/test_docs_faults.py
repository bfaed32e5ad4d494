"""docs/faults.md names every fault of the design, and for each the tests that cause it, which are there."""

from __future__ import annotations

import ast
import re

from tests.contracts.code import ROOT, tree

TEXT = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
FAULTS = 28
sections = re.findall(r"^## ([0-9]+)\. .+\n\n.+\n\n((?: *- `.+`\n)+)", TEXT, re.MULTILINE)


def named(section: str) -> list[tuple[str, str]]:
    """(file, test) in their order; a file without a test is followed by nothing."""
    found, file = [], ""
    for name in re.findall(r"`([^`]+)`", section):
        if name.startswith("tests/"):
            file = name
        else:
            found.append((file, name))
    return found


def defined(file: str) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree(ROOT / file).body if isinstance(node, functions) and node.name.startswith("test_")}


def test_every_fault_is_listed_in_its_order_with_what_happens_and_its_tests() -> None:
    assert [int(number) for number, _ in sections] == list(range(1, FAULTS + 1))
    assert not [number for number, section in sections if not named(section)]


def test_every_test_that_is_named_is_there() -> None:
    known = {file: defined(file) for _, section in sections for file, _ in named(section)}
    assert not [f"{number}: {file} {test}" for number, section in sections for file, test in named(section) if test not in known[file]]


def test_every_file_that_is_named_has_a_test_named_with_it() -> None:
    files = set(re.findall(r"^- `(tests/.+)`$", TEXT, re.MULTILINE))
    assert files == {file for _, section in sections for file, _ in named(section)}
