"""`make fuzz ARGS="--inputs 10000000"`: hostile inputs for everything that parses bytes from outside.

The seed is printed; with the same seed the same inputs are made, and what was stopped goes on where it was. Each finding is kept under
build/fuzz/SEED/, with the bytes and where the error was raised; exit status 1 where there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tests.fuzz.parsers import PARSERS
from tests.fuzz.running import Block, Finding, Outcome, plan, prepare, run

FOLDER = Path("build") / "fuzz"
KEPT_OF_A_KIND = 5  # findings
AHEAD = 4  # blocks handed to each process
SHOWN_EVERY = 10.0  # seconds


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


@dataclass(slots=True)
class Progress:
    """What has been done with a seed, also before this run."""

    seed: int
    done: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # blocks, by parser
    read: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # by kind
    _kept: Counter[str] = field(default_factory=Counter)

    @property
    def folder(self) -> Path:
        return FOLDER / str(self.seed)

    @property
    def inputs(self) -> int:
        return self.read.total() + self.refused.total() + self.found.total()

    def load(self) -> None:
        file = self.folder / "progress.json"
        if file.exists():
            known = json.loads(file.read_text())
            self.done.update({name: set(numbers) for name, numbers in known["done"].items()})
            self.read, self.refused, self.found = (Counter(known[name]) for name in ("read", "refused", "found"))

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        done = {name: sorted(numbers) for name, numbers in self.done.items()}
        fresh = self.folder / "progress.json.fresh"
        fresh.write_text(json.dumps({"done": done, "read": self.read, "refused": self.refused, "found": self.found}))
        fresh.replace(self.folder / "progress.json")

    def add(self, outcome: Outcome) -> None:
        self.done[outcome.block.parser].add(outcome.block.number)
        self.read[outcome.block.parser] += outcome.read
        self.refused[outcome.block.parser] += outcome.refused
        for finding in outcome.findings:
            self.found[finding.where] += 1
            if self._kept[finding.where] < KEPT_OF_A_KIND:
                self._kept[finding.where] += 1
                self._keep(finding)

    def _keep(self, finding: Finding) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{finding.parser.replace(' ', '-')}-{sha256(finding.content).hexdigest()[:16]}"
        (self.folder / f"{name}.input").write_bytes(finding.content)
        (self.folder / f"{name}.txt").write_text(f"{finding.error}\n\n{finding.trace}", errors="backslashreplace")
        _say(f"FOUND {finding.where}\n  {finding.error}\n  {self.folder / name}.input")


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    _say(f"seed {asked.seed}")
    progress = Progress(asked.seed)
    progress.load()
    blocks = [block for block in plan(asked.inputs) if asked.parser in (None, block.parser)]
    left = [block for block in blocks if block.number not in progress.done[block.parser]]
    before, began = progress.inputs, time.monotonic()
    try:
        _work(left, progress, asked.processes, asked.minutes)
    except KeyboardInterrupt:
        _say(f"stopped: --seed {asked.seed} goes on")
    progress.save()
    seconds = time.monotonic() - began
    for name in PARSERS:
        if tried := progress.read[name] + progress.refused[name]:
            _say(f"{tried:11,} {name}: {progress.read[name]:,} read, {progress.refused[name]:,} refused")
    done = progress.inputs - before
    _say(f"{progress.inputs:11,} inputs, {done:,} of them now: {done / max(seconds, 0.001):,.0f} a second in {asked.processes} processes")
    _say(f"{progress.found.total():11,} findings of {len(progress.found)} kinds, seed {asked.seed}")
    return 1 if progress.found else 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many, with those that this seed has had before")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=None, help="stop after so long; the same seed goes on")
    parser.add_argument("--parser", choices=PARSERS, default=None, help="only this one's share")
    return parser.parse_args(arguments)


def _work(left: Sequence[Block], progress: Progress, processes: int, minutes: float | None) -> None:
    """Raises BrokenProcessPool where an input ended its process: the blocks under way are named."""
    ends = float("inf") if minutes is None else time.monotonic() + minutes * 60
    total, shown, blocks = sum(block.inputs for block in left) + progress.inputs, 0.0, iter(left)
    with ProcessPoolExecutor(processes, get_context("spawn"), prepare) as pool:
        running: dict[Future[Outcome], Block] = {}
        while time.monotonic() < ends:
            for block in islice(blocks, processes * AHEAD - len(running)):
                running[pool.submit(run, progress.seed, block)] = block
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                _take(future, running, progress)
            if time.monotonic() >= shown:
                shown = time.monotonic() + SHOWN_EVERY
                progress.save()
                _say(f"{progress.inputs:,} of {total:,} inputs, {progress.found.total()} findings")
        for future in running:
            future.cancel()


def _take(future: Future[Outcome], running: dict[Future[Outcome], Block], progress: Progress) -> None:
    try:
        outcome = future.result()
    except BrokenProcessPool:
        _say(
            f"FOUND a process ended; one of {sorted({f'{one.parser} {one.number}' for one in running.values()})} with seed {progress.seed}"
        )
        raise
    del running[future]
    progress.add(outcome)


if __name__ == "__main__":
    sys.exit(main())
