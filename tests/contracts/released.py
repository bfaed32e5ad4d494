"""The SQL of a release, for the schema of the next one to be held to: `python -m tests.contracts.released`, once when a release is made.

While a release is rolled out, processes of the one before run on the new schema.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from console.services import SERVICES
from tests.contracts.code import ROOT, part, python_files
from tests.contracts.test_sql import statements

FILE = ROOT / "tests" / "contracts" / "released.json"


def of_this_release() -> dict[str, Any]:
    """Its commit, the migrations of each service, and every statement by where it stands: those of shared/ once."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    folders = {"shared": ROOT / "shared", **{service: ROOT / "services" / service for service in SERVICES}}
    texts = {"shared": _texts(python_files("shared")), **{service: _texts(part(service, "queries")) for service in SERVICES}}
    migrations = {owner: [path.name for path in sorted((folder / "migrations").glob("*.sql"))] for owner, folder in folders.items()}
    return {"commit": commit, "migrations": migrations, "statements": texts}


def _texts(files: Iterable[Path]) -> dict[str, str]:
    """A list that is sorted in many ways is here once for each column: backwards, or from a page on, it uses the same."""
    texts = {place: " ".join(str(text).split()) for file in files for place, text in statements(file).items()}
    return {place: text for place, text in texts.items() if "[-" not in place and not place.endswith(">]")}


def load() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(of_this_release(), indent=0, sort_keys=True, ensure_ascii=False) + "\n")
