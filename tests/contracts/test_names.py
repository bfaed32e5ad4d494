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
ERRORS = "/domain/errors.py"  # small classes, one after the other: looked up by name, not read through
LONGEST_ERRORS = 800
LONGEST_FUNCTION = 60
MOST_POSITIONAL = 5
MOST_FIELDS = 4  # of a dataclass that may be filled by position
# $1..$n are positional
SQL_CALLS = frozenset({"execute", "executemany", "fetch", "fetchrow", "fetchval", "fetch_one", "fetch_page", "pages", "cursor"})
LIBRARY_CALLS = frozenset({"add_row", "Table", "pack", "select", "with_columns"})  # of rich, struct and polars: one argument per column
TABLES_OF_DATA = frozenset(
    {
        "console/demo/simulation.py",
        "services/stats/counting/cuts.py",
        "services/stats/counting/derived.py",
        "services/stats/counting/measures.py",
    }
)  # whose columns line up by hand

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
OLD_NAMES = frozenset(
    {
        "alike",
        "sort_out",
        "in_shares",
        "spreads",
        "Sums",
        "board",
        "trail",
        "trouble",
        "provenance",
        "seasons",
        "told",
        "said",
        "standing",
        "Place",
        "Recorded",
        "cmd",
        "collect_seldom",
        "unhurried",
        "Edge",
        "Site",
        "_lived",
        "_relive",
    }
)
OLD_PROSE = re.compile(r"\b(told|said|untold|unsaid|retold)\b", re.IGNORECASE)


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def classes(*folders: str) -> Iterator[tuple[Path, ast.ClassDef]]:
    for file in python_files(*folders):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef):
                yield file, node


def identifiers(file: Path) -> Iterator[tuple[int, str]]:
    """(line, name) of everything a file names itself: definitions, arguments, assigned variables and fields, attributes set."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname


def test_no_file_is_too_long_to_read() -> None:
    lengths = {name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in python_files(*EVERYTHING)}
    assert not {file: lines for file, lines in lengths.items() if lines > (LONGEST_ERRORS if file.endswith(ERRORS) else LONGEST_FILE)}


def test_no_function_is_too_long_to_read() -> None:
    lengths = {
        f"{name(file)}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for file in python_files(*EVERYTHING)
        for function in functions(file)
    }
    assert not {function: lines for function, lines in lengths.items() if lines > LONGEST_FUNCTION}


def test_a_dataclass_of_more_than_four_fields_is_filled_by_keyword() -> None:
    def is_positional(decorator: ast.expr) -> bool:
        call = decorator if isinstance(decorator, ast.Call) else None
        if ast.unparse(call.func if call else decorator).rpartition(".")[2] != "dataclass":
            return False
        return call is None or not any(one.arg == "kw_only" and ast.unparse(one.value) == "True" for one in call.keywords)

    def by_position(node: ast.ClassDef) -> int:
        """Fields that a caller may fill by position: those before a KW_ONLY mark."""
        annotated = [one for one in node.body if isinstance(one, ast.AnnAssign)]
        types = [ast.unparse(one.annotation) for one in annotated]
        free = annotated[: types.index("KW_ONLY")] if "KW_ONLY" in types else annotated
        return sum("ClassVar" not in ast.unparse(one.annotation) and "init=False" not in ast.unparse(one) for one in free)

    positional = {
        f"{name(file)}:{node.lineno} {node.name}"
        for file, node in classes(*PRODUCT)
        if any(map(is_positional, node.decorator_list))
        if by_position(node) > MOST_FIELDS
    }
    assert not positional


def test_no_call_has_more_than_five_positional_arguments() -> None:
    calls = {
        f"{name(file)}:{node.lineno} {ast.unparse(node.func)}"
        for file in python_files(*PRODUCT)
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and len(node.args) > MOST_POSITIONAL
        if ast.unparse(node.func).rpartition(".")[2] not in SQL_CALLS | LIBRARY_CALLS
        if isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert not calls


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


def test_the_code_has_none_of_the_old_names() -> None:
    assert not {f"{name(file)}:{line} {one}" for file in python_files(*EVERYTHING) for line, one in identifiers(file) if one in OLD_NAMES}


def test_a_logger_is_called_logger() -> None:
    """Or for the library it is handed to: _faststream_logger."""
    others = {
        f"{name(file)}:{node.lineno}"
        for file in python_files(*PRODUCT)
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Assign) and re.match(r"logging\.getLogger\([^)]", ast.unparse(node.value))
        if not all(re.fullmatch(r"logger|_\w+_logger", ast.unparse(target)) for target in node.targets)
    }
    assert not others


def test_prose_and_names_keep_to_events_messages_and_answers() -> None:
    """ "told" and "said" stood for published, answered, reported, decided: each line says which."""
    lines = {
        f"{name(file)}:{number}"
        for file in python_files(*PRODUCT)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if OLD_PROSE.search(line)
    }
    assert not lines
