"""Every text that a person may see, collected where it is written: `python -m tests.contracts.texts --missing zh` prints what has no zh.

Sentences are the constant arguments of `t`, `text`, `sentence`, `both` and `texts(...)` in Python, and of `t` in templates. Codes are
those of the committed OpenAPI documents, the error classes and the tables of the services. A value of a list is wanted under
`value:<field>` or `value`.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from console.services import SERVICES
from console.web import screens
from shared.texts import KIND_OF_FIELD, LANGUAGES, LOCALES, event_name
from tests.contracts import code_lists, openapi
from tests.contracts.code import ROOT, name, python_files, tree

Key = tuple[str | None, str]  # kind (None: a sentence), and the sentence or code

FOLDERS = ("console", "services", "shared")
SPOKEN = ("title", "group", "note", "empty", "label")  # of a screen
FUNCTIONS = ("t", "text", "sentence", "both")
PLACEHOLDER = re.compile(r"\{([a-z_]*)[^{}]*\}")


# --- sentences ----------------------------------------------------------------------------------------------------------
@cache
def sentences() -> Mapping[str, str]:
    """Sentence -> the first place that uses it."""
    found: dict[str, str] = {}
    for file in python_files(*FOLDERS):
        for sentence, line in _sentences_in_python(file):
            found.setdefault(sentence, f"{name(file)}:{line}")
    for file in sorted(one for folder in FOLDERS for one in (ROOT / folder).rglob("templates/**/*") if one.is_file()):
        for sentence, line in _sentences_in_template(file):
            found.setdefault(sentence, f"{name(file)}:{line}")
    for module in screens.MODULES:
        for sentence in _sentences_of_screens(module):
            found.setdefault(sentence, f"{module.__name__.replace('.', '/')}.py:1")
    return found


@cache
def spoken() -> frozenset[str]:
    """The sentences, and every text of the code: one that stands in a table is looked up from there."""
    constants = {node.value for file in python_files(*FOLDERS) for node in ast.walk(tree(file)) if isinstance(node, ast.Constant)}
    return frozenset({*sentences(), *(one for one in constants if isinstance(one, str))})


def _sentences_in_python(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            called = node.func.func if isinstance(node.func, ast.Call) else node.func
            function = ast.unparse(called).rpartition(".")[2]
            if node.args[0].value and function in (("texts",) if isinstance(node.func, ast.Call) else FUNCTIONS):
                yield node.args[0].value, node.lineno


def _sentences_of_screens(module: ModuleType) -> Iterator[str]:
    """Titles, headings, labels and notes, which stand in data."""
    for one in (*getattr(module, "SCREENS", ()), *getattr(module, "COMMANDS", ()), *getattr(module, "ASKED", ())):
        for part in (one, *getattr(one, "parts", ())):
            yield from (text for at in SPOKEN if isinstance(text := getattr(part, at, None), str) and PLACEHOLDER.sub("", text).strip())
            yield from getattr(part, "words", {}).values()
        for at in ("groups", "tables", "links", "sections"):
            yield from (row[0] for row in getattr(one, at, ()) if row[0] is not None)
    for group, _, title, _ in getattr(module, "PAGES", ()):
        yield from (group, title)


def _sentences_in_template(file: Path) -> Iterator[tuple[str, int]]:
    with file.open("rb") as source:
        for line, message, _, _ in extract("jinja2", source, keywords=dict.fromkeys(FUNCTIONS)):
            if isinstance(message, str) and message:
                yield message, line


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


# --- codes of the HTTP contract -----------------------------------------------------------------------------------------
@cache
def documents() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(openapi.file(service).read_text(encoding="utf-8")) for service in SERVICES)


def operations() -> Iterator[dict[str, Any]]:
    for document in documents():
        for verbs in document["paths"].values():
            yield from verbs.values()


@cache
def values() -> Mapping[str, frozenset[str]]:
    """Field -> the codes that it may hold."""
    found: dict[str, set[str]] = defaultdict(set)
    for document in documents():
        schemas = document["components"]["schemas"]
        roots = [(schema, name) for name, schema in schemas.items() if "properties" in schema]
        roots += [
            (one["schema"], one["name"])
            for verbs in document["paths"].values()
            for op in verbs.values()
            for one in op.get("parameters", ())
        ]
        for schema, root in roots:
            for field, value in _values_of(schema, root, schemas):
                found[field].add(value)
    return {field: frozenset(one) for field, one in found.items()}


def _values_of(node: Any, field: str, schemas: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for part in node:
            yield from _values_of(part, field, schemas)
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        named = schemas[node["$ref"].rpartition("/")[2]]
        yield from () if "properties" in named else _values_of(named, field, schemas)
        return
    for value in (*node.get("enum", ()), *((node["const"],) if "const" in node else ())):
        if isinstance(value, str):
            yield field, value
    for own, part in node.get("properties", {}).items():
        yield from _values_of(part, own, schemas)
    for keyword in ("items", "anyOf", "oneOf", "allOf", "additionalProperties", "prefixItems", "propertyNames"):
        yield from _values_of(node.get(keyword), field, schemas)


def fields() -> set[str]:
    """Of request bodies, queries and answers."""
    found = {one["name"] for operation in operations() for one in operation.get("parameters", ())}
    for document in documents():
        for schema in document["components"]["schemas"].values():
            found |= set(schema.get("properties", ()))
    return found


# --- every code -----------------------------------------------------------------------------------------------------------
@cache
def codes() -> Mapping[Key, frozenset[str]]:
    """(kind, code) -> the fields it is a value of; empty for other kinds than `value`."""
    found: dict[Key, set[str]] = defaultdict(set)
    for field in fields():
        found["field", field]
    for operation in operations():
        found["command", operation["summary"]]
    for field, codes_of_field in (*values().items(), *code_lists.values().items()):
        for code in codes_of_field:
            kind = KIND_OF_FIELD.get(field)
            if kind and (kind != "event" or event_name(code) != code):
                found[kind, event_name(code)]
            else:
                found["value", code].add(field)
    for kind, listed in code_lists.codes().items():
        for code in listed:
            found[kind, code]
    return {key: frozenset(names) for key, names in found.items()}


# --- catalogues -------------------------------------------------------------------------------------------------------------
@cache
def catalogues(language: str) -> Mapping[Path, Catalog]:
    found = {}
    for file in sorted((LOCALES / language).glob("*.po")):
        with file.open("rb") as source:
            found[file] = read_po(source, locale=language, abort_invalid=True)
    return found


@cache
def translated(language: str) -> Mapping[Key, frozenset[str]]:
    """What the catalogues say of each key; more than one text is a contradiction."""
    found: dict[Key, set[str]] = defaultdict(set)
    for catalogue in catalogues(language).values():
        for message in catalogue:
            if message.id and message.string and not message.fuzzy:
                found[message.context, str(message.id)].add(str(message.string))
    return {key: frozenset(texts) for key, texts in found.items()}


def missing(language: str) -> list[Key]:
    """Wanted and not there. A sentence is its own English, and some codes are named in English by their table."""
    there = translated(language)
    named = {code for kind, code in there if kind}
    wanted: list[Key] = [] if language == "en" else [(None, sentence) for sentence in sentences()]
    for (kind, code), names in codes().items():
        if language == "en" and kind in code_lists.ENGLISH_ELSEWHERE:
            continue
        if kind == "value":
            wanted += [(f"value:{field}", code) for field in names - {""} if ("value", code) not in there]
            wanted += [("value", code)] if names == {""} and code not in named else []
        elif kind:
            wanted.append((kind, code))
    return sorted((key for key in wanted if key not in there), key=lambda key: (key[0] or "", key[1]))


def unused(language: str) -> list[Key]:
    """There and wanted by nothing."""
    return sorted((key for key in translated(language) if not _is_used(key)), key=lambda key: (key[0] or "", key[1]))


def _is_used(key: Key) -> bool:
    kind, code = key
    known = codes()
    if kind is None:
        return code in spoken()
    if kind.startswith("value:"):
        return kind.removeprefix("value:") in known.get(("value", code), frozenset())
    if kind == "hint":
        return ("field", code) in known
    return key in known


def stubs(keys: list[Key]) -> Catalog:
    catalogue = Catalog(fuzzy=False)
    for kind, code in keys:
        catalogue.add(code, context=kind, locations=_location(kind, code))
    return catalogue


def _location(kind: str | None, code: str) -> list[tuple[str, int]]:
    file, _, line = sentences().get(code, "").rpartition(":") if kind is None else ("", "", "")
    return [(file, int(line))] if file else []


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.contracts.texts", description=__doc__)
    parser.add_argument(
        "--missing", choices=LANGUAGES, required=True, metavar="LANGUAGE", help="print what has no text, ready to be filled in"
    )
    keys = missing(parser.parse_args().missing)
    write_po(sys.stdout.buffer, stubs(keys), omit_header=True, width=0)


if __name__ == "__main__":
    main()
