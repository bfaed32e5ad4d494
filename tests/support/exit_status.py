"""Runs a module as `python -m` would and writes down how it ended: `exit_status.py FILE MODULE` appends the exit status to FILE.

A process that is killed, or leaves without unwinding, writes nothing.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path


def main() -> None:
    file, module = Path(sys.argv[1]), sys.argv[2]
    sys.argv = [module]
    try:
        runpy.run_module(module, run_name="__main__")
    except SystemExit as leaving:
        with file.open("a") as out:
            out.write(f"{leaving.code or 0}\n")
        raise


if __name__ == "__main__":
    main()
