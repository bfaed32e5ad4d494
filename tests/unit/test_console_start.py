"""How the command starts: it imports what it uses, and what `laowu --help` lists is what the commands say of themselves."""

from __future__ import annotations

import subprocess
import sys
import time

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
TIMES_TYPER = 6  # `laowu --help` draws with rich, which takes about twice what typer takes to import


@pytest.mark.parametrize("words", [("--help",), ("verify", "--help"), ("verify", "a.b.c")])
def test_help_and_verify_import_nothing_heavy(words: tuple[str, ...]) -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORTED.format(heavy=HEAVY), *words], capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "imported:"


def seconds(*command: str) -> float:
    """The fastest of five runs: what else the machine does only adds to it."""
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, *command], capture_output=True, check=True)
        taken.append(time.perf_counter() - began)
    return min(taken)


def test_help_is_there_in_a_few_times_what_importing_typer_takes() -> None:
    assert seconds("-m", "console", "--help") < TIMES_TYPER * seconds("-c", "import typer")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says_of_itself(name: str) -> None:
    _, line = COMMANDS[name]
    command = load(name)
    assert command.name == name or name in ("deadletters", "relay")
    assert " ".join(command.help.split()).startswith(line)
