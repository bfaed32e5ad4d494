"""Everything that parses bytes from outside reads hostile ones or refuses them in its own way; `make fuzz` tries millions."""

from __future__ import annotations

import itertools
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.parser import Parser, Refusal
from tests.fuzz.parsers import PARSERS
from tests.fuzz.running import BLOCK, Block, inputs_of, plan, run

SEED = 20_261_126
FOUND = Path(__file__).parent / "found"  # inputs that `make fuzz` has kept, one of each kind
every_parser = pytest.mark.parametrize("name", PARSERS)


@every_parser
def test_a_parser_reads_or_refuses_whatever_is_made_of_real_inputs(name: str) -> None:
    tried = run(SEED, Block(name, 0, max(10, PARSERS[name].share * 3)))
    assert not [(found.content[:300], found.error, found.trace) for found in tried.findings]


@every_parser
def test_a_parser_reads_one_of_its_samples(name: str) -> None:
    """Else its inputs would test nothing but the refusal."""
    assert any(_reads(PARSERS[name], sample) for sample in PARSERS[name].samples())


@pytest.mark.parametrize("file", sorted(FOUND.glob("*.input")), ids=lambda file: file.stem)
def test_what_was_found_once_is_read_or_refused(file: Path) -> None:
    (parser,) = (one for name, one in PARSERS.items() if name.replace(" ", "-") == file.stem.rpartition("-")[0])
    _reads(parser, file.read_bytes())


def _reads(parser: Parser, content: bytes) -> bool:
    try:
        parser.read(content)
    except parser.refuses:
        return False
    return True


def test_a_seed_makes_the_same_inputs_again_and_another_makes_others() -> None:
    first, again, other = (list(inputs_of(seed, Block("events", 3, 50))) for seed in (1, 1, 2))
    assert first == again != other


def test_a_plan_has_so_many_inputs_and_all_parsers_from_its_beginning() -> None:
    blocks = plan(1_000_000)
    assert 1_000_000 <= sum(block.inputs for block in blocks) <= 1_000_000 + len(PARSERS)
    assert {block.parser for block in blocks[: len(blocks) // 2]} == set(PARSERS)
    assert len(set(blocks)) == len(blocks)
    assert max(block.inputs for block in blocks) == BLOCK


class _InThisProcess(Executor):
    """Runs what is handed to it at once: what a test puts into a parser's place is seen here, and in no process of its own."""

    def __init__(self, *_: object) -> None: ...

    def submit(self, work: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*arguments))
        return done


def test_a_finding_is_kept_with_its_input_and_what_was_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = itertools.count()

    def read(_: bytes) -> None:
        raise ZeroDivisionError if next(tried) == 7 else Refusal

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tests.fuzz.__main__.ProcessPoolExecutor", _InThisProcess)
    monkeypatch.setitem(PARSERS, "events", replace(PARSERS["events"], read=read))
    asked = ["--inputs", "5000", "--seed", "5", "--parser", "events"]
    assert main(asked) == 1
    (kept,) = (tmp_path / "build" / "fuzz" / "5").glob("*.input")
    assert "ZeroDivisionError" in kept.with_suffix(".txt").read_text()
    assert ", 0 of them now" not in capsys.readouterr().out
    assert main(asked) == 1
    assert ", 0 of them now" in capsys.readouterr().out
