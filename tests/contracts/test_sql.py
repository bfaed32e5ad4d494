"""All SQL is static text in known places, and PostgreSQL accepts every statement of it on the migrated schema."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import asyncpg
import pytest
from pydantic import BaseModel

from console.services import SERVICES
from shared.rows import SortedStatement, Statement
from tests.conftest import MakeDatabase
from tests.contracts.code import ROOT, module, name, part, python_files, tree

STATEMENT = re.compile(r"\s*(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|WITH|VALUES|MERGE\s+INTO|LOCK|TRUNCATE)\s")
PREPARED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|MERGE)\s")
PIECE = re.compile(r"\b(SELECT|INSERT INTO|DELETE FROM|WHERE|ORDER BY|GROUP BY|RETURNING|UPDATE \w+ SET|FROM \w+ JOIN)\b")
THE_COLUMNS = ROOT / "shared" / "rows.py"  # puts a table's one list of columns into its statements; PREPARE sees what comes out
THE_TURN = "shared/db.py"  # a whole number, in the text that begins a transaction and takes a lock: two statements take no parameters
RUNS = frozenset({"execute", "executemany", "fetch", "fetchrow", "fetchval", "cursor", "prepare"})


def constants(file: Path) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of the module's own upper-case names."""
    for node in tree(file).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id.isupper() and value is not None:
            yield target.id, value


def statements(file: Path) -> dict[str, str | Statement[Any]]:
    """Its place -> its text, of every SQL statement among the module's constants, also those in a tuple or a mapping."""
    found: dict[str, str | Statement[Any]] = {}
    loaded = importlib.import_module(module(file))
    for constant, _ in constants(file):
        value = getattr(loaded, constant)
        several = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple | list) else [(None, value)]
        for place, one in several:
            if isinstance(one, str | Statement) and PREPARED.match(sql(one)):
                found[f"{name(file)} {constant}{'' if place is None else f'[{place}]'}"] = one
    return found


def sql(statement: str | Statement[Any]) -> str:
    return statement if isinstance(statement, str) else statement.sql


def docstrings(file: Path) -> set[int]:
    """ids of the nodes that are docstrings."""
    return {
        id(node.body[0].value)
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


async def refused(database: MakeDatabase, service: str, texts: Mapping[str, str | Statement[Any]]) -> dict[str, str]:
    """What PostgreSQL does not accept, and why."""
    errors = {}
    async with (await database(service)).connection() as conn:
        for place, text in texts.items():
            try:
                await conn.prepare(sql(text))
            except asyncpg.PostgresError as error:
                errors[place] = f"{type(error).__name__}: {error}"
    return errors


@pytest.mark.parametrize("service", SERVICES)
async def test_every_statement_of_a_service_fits_its_schema(service: str, make_database: MakeDatabase) -> None:
    texts = {place: text for file in part(service, "queries") for place, text in statements(file).items()}
    assert texts
    assert not await refused(make_database, service, texts)


# Of which there are few rows, or most of which are wanted.
READ_THROUGH = {
    "services/registration/queries/announcements.py LIST_BY_CHANNEL",
    "services/registration/queries/duplicates.py GET_OPEN_COUNTS",
    "services/registration/queries/records.py RECORDS[duplicate]",
    "services/registration/queries/surveys.py LIST_COVERED",
    "services/registration/queries/verified_documents.py GET_UNKNOWN_COUNT",
    "services/docking/queries/intention_matches.py LIST_UNCOUNTED",
    "services/docking/queries/merges.py LOCK_OPEN",
    "services/training/queries/enrolments.py UPDATE_TOTALS",
    "services/training/queries/recognitions.py LIST_OF_WORKER",
    "services/training/queries/records.py RECORDS[recognition]",
    "services/training/queries/sessions.py GET_BUSIEST",
    "services/training/queries/sessions.py GET_OF_CLOSED_CENTRE",
    "services/rights/queries/records.py RECORDS[repatriation]",
    "services/rights/queries/repatriations.py LIST_OF",
}


async def plan_of(conn: Any, text: str, *, seqscan: str) -> str:
    """The plan that fits any arguments."""
    await conn.execute(f"SET enable_seqscan = {seqscan}; PREPARE planned AS {text}")
    parameters = await conn.fetchval("SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'planned'")
    arguments = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
    lines = await conn.fetch(f"EXPLAIN EXECUTE planned{arguments}")
    await conn.execute("DEALLOCATE planned")
    return "\n".join(line[0] for line in lines)


@pytest.mark.parametrize("service", [one for one in SERVICES if one != "stats"])  # which plans each execution
async def test_no_look_up_reads_a_table_through_even_while_it_is_new(service: str, make_database: MakeDatabase) -> None:
    """Connections keep the plans of a service's first minutes. Pages of lists are left out: their filters are optional."""
    texts = {place: text for file in part(service, "queries") for place, text in statements(file).items()}
    read_through = set()
    async with (await make_database(service)).connection() as conn, conn.transaction():
        await conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        for place, text in texts.items():
            if isinstance(text, SortedStatement):
                continue
            tables = re.findall(r"Seq Scan on (\w+)", await plan_of(conn, sql(text), seqscan="on"))
            without = await plan_of(conn, sql(text), seqscan="off") if tables else ""
            if any(f"Seq Scan on {table}" not in without for table in tables):
                read_through.add(place)
    assert read_through == {place for place in READ_THROUGH if place.startswith(f"services/{service}/")}


def fields_of(row: Any) -> dict[str, Any]:
    """name -> type of what a dataclass, a model or an optional one of them holds; empty: a plain value."""
    inner = [one for one in get_args(row) if one is not type(None)] if get_origin(row) in (Union, UnionType) else [row]
    cls = inner[0]
    if isinstance(cls, type) and (is_dataclass(cls) or issubclass(cls, BaseModel)):
        return get_type_hints(cls)
    return {}


def differing(row: Any, labels: Sequence[str]) -> set[str]:
    """Fields without a column and columns without a field. A column may hold a nested value whole, as JSON."""
    wanted, heads = fields_of(row), {label.partition(".")[0] for label in labels}
    found = heads ^ {name for name in wanted if not name.startswith("_")}
    for head in heads & set(wanted):
        nested = [label.partition(".")[2] for label in labels if label.startswith(f"{head}.")]
        found |= {f"{head}.{one}" for one in differing(wanted[head], nested)} if nested else set()
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_the_columns_of_a_statement_are_the_fields_of_its_row(service: str, make_database: MakeDatabase) -> None:
    texts = {place: text for file in part(service, "queries") for place, text in statements(file).items()}
    async with (await make_database(service)).connection() as conn:
        for place, text in texts.items():
            if isinstance(text, Statement):
                labels = [attribute.name for attribute in (await conn.prepare(text.sql)).get_attributes()]
                assert not differing(text.row, labels), place


# Tables that are found by a worker and are not about the worker, or are given out otherwise.
NOT_IN_THE_COPY = {
    "registration": {
        "personal": "sealed: given out opened",
        "correction_sealed": "sealed: given out opened",
        "verified_document": "a hash of what is given out",
    },
}
OF_A_WORKER = ("worker", "placement", "enrolment", "correction", "report", "case")
LIST_TABLES_OF_A_WORKER = """
SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = ANY($1::text[])
"""


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "stats"])
async def test_every_table_about_a_worker_is_in_the_copy_given_out(service: str, make_database: MakeDatabase) -> None:
    async with (await make_database(service)).connection() as conn:
        tables = {row["table_name"] for row in await conn.fetch(LIST_TABLES_OF_A_WORKER, OF_A_WORKER)}
    copied = set(importlib.import_module(f"services.{service}.queries.records").RECORDS)
    assert tables - copied == set(NOT_IN_THE_COPY.get(service, {})), "add it to RECORDS of queries/records.py"


@pytest.mark.parametrize("service", SERVICES)
async def test_every_shared_statement_fits_every_database(service: str, make_database: MakeDatabase) -> None:
    texts = {place: text for file in python_files("shared") for place, text in statements(file).items()}
    assert texts
    assert not await refused(make_database, service, texts)


def test_services_hold_sql_in_queries_only() -> None:
    queries = {file for service in SERVICES for file in part(service, "queries")}
    others = [file for file in python_files("services") if file not in queries]
    elsewhere = {
        f"{name(file)}:{node.lineno}"
        for file in others
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value)
        if id(node) not in docstrings(file)
    }
    assert not elsewhere


def test_no_sql_is_put_together_from_pieces() -> None:
    """Neither f-strings nor % nor + nor .format(): a reader and PREPARE see exactly the text that runs."""

    def texts(node: ast.AST) -> Iterator[str]:
        return (one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))

    put_together = {
        f"{name(file)}:{node.lineno}"
        for file in python_files("services", "shared")
        if file != THE_COLUMNS
        for node in ast.walk(tree(file))
        if isinstance(node, ast.JoinedStr)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "replace"})
        if any(PIECE.search(text) for text in texts(node))
    }
    assert [place.partition(":")[0] for place in put_together] == [THE_TURN], put_together


def test_queries_run_named_statements_only() -> None:
    unnamed = {
        f"{name(file)}:{node.lineno} {ast.unparse(node)[:80]}"
        for service in SERVICES
        for file in part(service, "queries")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS
        if not (node.args and (isinstance(node.args[0], ast.Name | ast.Attribute | ast.Subscript)))
    }
    assert not unnamed


def test_a_connection_is_given_the_text_of_a_statement() -> None:
    """asyncpg refuses anything else, and closes the connection."""
    wrong = {
        f"{name(file)}:{node.lineno} {node.args[0].id}"
        for file in python_files("services", "shared", "console")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS
        if node.args and isinstance(node.args[0], ast.Name) and node.args[0].id.isupper()
        if isinstance(getattr(importlib.import_module(module(file)), node.args[0].id), Statement)
    }
    assert not wrong


# Tables of a worker that stay as they are when the worker is merged into another.
STAYS_WITH_THE_NUMBER = {
    "docking": {
        "supply": "nobody is on offer under an old number",
        "earlier_code": "what the codes of that registration were",
    },
}


@pytest.mark.parametrize("service", ["docking", "training", "rights"])
async def test_every_table_of_a_worker_follows_a_merge(service: str, make_database: MakeDatabase) -> None:
    async with (await make_database(service)).connection() as conn:
        tables = {row["table_name"] for row in await conn.fetch(LIST_TABLES_OF_A_WORKER, ["worker"])}
    merges = importlib.import_module(f"services.{service}.queries.merges")
    statements = [sql(value) for name, value in vars(merges).items() if name.startswith("UPDATE_")]
    move = re.compile(r"UPDATE (\w+) SET worker = \$2(?:, worker_no = \$3)? WHERE worker = \$1")
    moved = {found[1] for statement in statements if (found := move.match(statement))}
    assert tables - moved == set(STAYS_WITH_THE_NUMBER.get(service, {})), "move it in update_worker() of queries/merges.py"
