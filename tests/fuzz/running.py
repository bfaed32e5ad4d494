"""Blocks of inputs: each is named by seed, parser and number, so that any process makes the same ones, today and again."""

from __future__ import annotations

import logging
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

from tests.fuzz.mutation import Mutator
from tests.fuzz.parser import Parser
from tests.fuzz.parsers import PARSERS

BLOCK = 500  # inputs
SECONDS = 20.0  # of a processor, that one input may take
MEMORY = 8 * 1024**3  # bytes of addresses, of a process
FRAMES_SHOWN = 6


class TooSlow(BaseException):
    """One input has taken SECONDS."""


@dataclass(frozen=True, slots=True)
class Block:
    parser: str
    number: int
    inputs: int


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that a parser neither reads nor refuses."""

    parser: str
    content: bytes
    error: str
    trace: str

    @property
    def where(self) -> str:
        """What findings of one cause have in common."""
        frames = [line.strip() for line in self.trace.splitlines() if line.startswith("  File ")]
        return f"{self.parser}: {self.error.partition(':')[0]} in {frames[-1].partition('File ')[2] if frames else 'no frame'}"


@dataclass(slots=True)
class Outcome:
    block: Block
    read: int = 0
    refused: int = 0
    findings: list[Finding] = field(default_factory=list)


def plan(inputs: int) -> list[Block]:
    """So many inputs and a few more: each parser its share, interleaved, so that every part of the plan has all of them."""
    whole = sum(one.share for one in PARSERS.values())
    blocks: list[tuple[float, Block]] = []
    for one in PARSERS.values():
        left = -(-inputs * one.share // whole)
        several = -(-left // BLOCK)
        blocks += (((number + 0.5) / several, Block(one.name, number, min(BLOCK, left - number * BLOCK))) for number in range(several))
    return [block for _, block in sorted(blocks, key=lambda one: (one[0], one[1].parser))]


@cache
def _mutator(name: str) -> Mutator:
    return Mutator(PARSERS[name].samples())


def inputs_of(seed: int, block: Block) -> Iterator[bytes]:
    chance, mutate = Random(f"{seed}/{block.parser}/{block.number}"), _mutator(block.parser)
    return (mutate(chance) for _ in range(block.inputs))


def prepare() -> None:
    """Of a process of its own: what parsers log is not looked at, and none takes all memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))


def run(seed: int, block: Block) -> Outcome:
    parser, outcome = PARSERS[block.parser], Outcome(block)
    before = signal.signal(signal.SIGVTALRM, _too_slow)
    try:
        for content in inputs_of(seed, block):
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            _try(parser, content, outcome)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return outcome


def _too_slow(*_: object) -> None:
    raise TooSlow(f"{SECONDS} s")


def _try(parser: Parser, content: bytes, outcome: Outcome) -> None:
    try:
        parser.read(content)
    except parser.refuses:
        outcome.refused += 1
    except BaseException as error:  # noqa: BLE001  # whatever it is, a panic of Rust too, it is what is looked for
        trace = "".join(traceback.format_tb(sys.exc_info()[2])[-FRAMES_SHOWN:])
        outcome.findings.append(Finding(parser.name, content, f"{type(error).__name__}: {error}"[:500], trace))
    else:
        outcome.read += 1
