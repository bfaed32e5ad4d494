"""The product's own source files, for the tests that read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def python_files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def module(file: Path) -> str:
    """The dotted name it is imported by."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def part(service: str, wanted: str) -> list[Path]:
    """The files of one part of a service, be it a module or a package: queries.py, or queries/*.py."""
    folder = ROOT / "services" / service
    return [file for file in (folder / f"{wanted}.py", *sorted((folder / wanted).rglob("*.py"))) if file.exists()]


def imports(file: Path) -> Iterator[str]:
    """Dotted names a file imports, wherever in the file; `from a import b` gives a.b."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
