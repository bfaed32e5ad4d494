"""How the command starts: it imports what it uses, and what `laowu --help` lists is what the commands say of themselves."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from console.__main__ import COMMANDS, load

HEAVY = ("polars", "numpy", "asyncpg", "aiokafka", "fastapi", "faststream")
IMPORTED = """
import sys
from console.__main__ import main
try:
    main()
except SystemExit:
    pass
print("imported:", *[name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""
TIMES_TYPER = 6  # measured: 2.5, because the help is drawn with rich; with every command imported it was 18


@pytest.mark.parametrize("words", [("--help",), ("verify", "--help"), ("verify", "a.b.c")])
def test_help_and_verify_import_nothing_heavy(words: tuple[str, ...]) -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORTED.format(heavy=HEAVY), *words], capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "imported:"


def seconds(*command: str) -> float:
    """Of the processor, so that what else the machine does is not counted."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_is_there_in_a_few_times_what_importing_typer_takes() -> None:
    measured = [(seconds("-m", "console", "--help"), seconds("-c", "import typer")) for _ in range(5)]
    ours, typer = (min(runs) for runs in zip(*measured, strict=True))
    assert ours < TIMES_TYPER * typer


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says_of_itself(name: str) -> None:
    _, line = COMMANDS[name]
    command = load(name)
    assert command.name == name or name in ("deadletters", "kafka", "keys", "lost-events", "postgres", "relay")
    assert " ".join(command.help.split()).startswith(line)
