"""What the documents show of the API is run word for word against a running stack: every block of commands, and what they print."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.code import ROOT
from tests.support.journey import RunningStack

DOCUMENTS = ("docs/api.md", "docs/lists.md", "docs/webhooks.md", "CONTRIBUTING.md")
CURL = re.compile(r"^    curl ", re.MULTILINE)  # in a block that nothing runs
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "=== the end of a block ==="


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_what_a_document_shows_is_what_is_answered(document: str, running: RunningStack, tmp_path: Path) -> None:
    if running.home is None:
        pytest.skip("the laowu command needs a stack of its own folder")
    blocks = BLOCK.findall((ROOT / document).read_text(encoding="utf-8"))
    commands = [text for kind, text in blocks if kind == "sh"]
    script = f"\necho '{MARK}'\n".join(commands)
    found = await asyncio.to_thread(run, script, running, tmp_path)
    assert found.returncode == 0, found.stderr
    outputs = found.stdout.split(f"{MARK}\n")
    place = -1
    for kind, text in blocks:
        if kind == "sh":
            place += 1
        else:
            assert outputs[place] == text, commands[place]


def test_no_document_shows_a_request_that_nothing_runs() -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    assert [one.name for one in documents if CURL.search(one.read_text(encoding="utf-8"))] == []
    run_here = {str(one.relative_to(ROOT)) for one in documents if "```sh" in one.read_text(encoding="utf-8")}
    assert run_here == set(DOCUMENTS)


def run(script: str, running: RunningStack, folder: Path) -> subprocess.CompletedProcess[str]:
    """In an empty folder, with the command `laowu` on PATH and the stack's own home."""
    assert running.home is not None
    laowu = folder / "laowu"
    laowu.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m console "$@"\n')
    laowu.chmod(0o755)
    own = {**os.environ, "LAOWU_HOME": str(running.home.folder), "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, env=own, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
