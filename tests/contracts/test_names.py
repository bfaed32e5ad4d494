"""Names and signatures of the code: the field's own words, one shape per kind of thing, nothing too long to read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.contracts.code import name, python_files, tree

PRODUCT = ("services", "shared", "console")
EVERYTHING = (*PRODUCT, "tests")
LONGEST_FILE = 500  # lines
LONGEST_FUNCTION = 60
TABLES_OF_DATA = frozenset({"console/demo/simulation.py", "services/stats/counting/measures.py"})  # whose columns line up by hand

# The words that replaced them: docs/glossary.md and CONTRIBUTING.md.
OLD_MODULES = frozenset(
    {
        "alike",
        "patterns",
        "reading",
        "columnar",
        "spreads",
        "shares",
        "sums",
        "board",
        "letters",
        "trail",
        "bars",
        "child",
        "trouble",
        "lists",
        "contradictions",
        "keys",
        "provenance",
        "seasons",
        "edge",
        "observe",
        "log",
        "helper",
        "helpers",
        "util",
        "utils",
        "common",
        "base",
        "data",
        "info",
        "process",
        "manager",
    }
)


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def classes(*folders: str) -> Iterator[tuple[Path, ast.ClassDef]]:
    for file in python_files(*folders):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef):
                yield file, node


def test_no_file_is_too_long_to_read() -> None:
    lengths = {name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in python_files(*EVERYTHING)}
    assert not {file: lines for file, lines in lengths.items() if lines > LONGEST_FILE}


def test_no_function_is_too_long_to_read() -> None:
    lengths = {
        f"{name(file)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for file in python_files(*EVERYTHING)
        for function in functions(file)
    }
    assert not {function: lines for function, lines in lengths.items() if lines > LONGEST_FUNCTION}


def test_only_tables_of_data_are_laid_out_by_hand() -> None:
    """The mark stands behind the bracket that closes a table: in the named files, and in tables of cases of a test."""
    by_hand = re.compile(r"#\s*fmt:\s*(skip|off)")
    marks = [
        (name(file), line)
        for file in python_files(*EVERYTHING)
        if file != Path(__file__)
        for line in file.read_text(encoding="utf-8").splitlines()
        if by_hand.search(line)
    ]
    assert not [mark for mark in marks if not re.fullmatch(r"\s*[\])}]  # fmt: skip", mark[1])]
    assert not {file for file, _ in marks if not file.startswith("tests/")} - TABLES_OF_DATA


def test_what_is_not_found_is_called_so() -> None:
    unknown = re.compile(r"^Unknown[A-Z]|.Unknown$")
    assert not {f"{name(file)}:{node.lineno} {node.name}" for file, node in classes(*PRODUCT) if unknown.search(node.name)}


def test_modules_have_none_of_the_old_names() -> None:
    assert not {name(file) for file in python_files(*PRODUCT) if file.stem in OLD_MODULES}
