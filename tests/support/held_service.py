"""A service that is held at its start while the file HELD_SERVICES/<name> is there: `python held_service.py NAME`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

name = sys.argv[1]
while (Path(os.environ["HELD_SERVICES"]) / name).exists():
    time.sleep(0.05)
os.execv(sys.executable, [sys.executable, "-m", f"services.{name}"])  # noqa: S606  # no shell is wanted
