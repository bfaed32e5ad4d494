"""What the image installs: the part of requirements.lock that the services need to run, without the local stack and the tools.

`python -m tests.contracts.runtime_lock` writes requirements.runtime.lock from the two files it depends on, without a network.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contracts.code import ROOT

FILE = ROOT / "requirements.runtime.lock"
HEAD = "# What the services need of requirements.lock. Written by `python -m tests.contracts.runtime_lock`.\n"


# The image's markers, whatever machine this runs on.
IMAGE = {
    "python_version": "3.11",
    "python_full_version": "3.11.14",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(==[^\n]*\n(?:    --hash[^\n]*\n)*)", re.MULTILINE)


def pins() -> dict[str, str]:
    """Name -> its lines in requirements.lock, with the hashes."""
    blocks = PIN.findall((ROOT / "requirements.lock").read_text())
    return {canonicalize_name(name): name + rest.rstrip().removesuffix("\\").rstrip() + "\n" for name, rest in blocks}


def needed(pinned: dict[str, str]) -> set[str]:
    """Names that the project's own dependencies lead to."""
    found: set[tuple[str, str]] = set()
    waiting = [Requirement(line) for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras} - {extra for known, extra in found if known == name}:
            found.add((name, extra))
            for line in requires(name) or ():
                one = Requirement(line)
                applies = one.marker is None or one.marker.evaluate({**IMAGE, "extra": extra})
                if applies and canonicalize_name(one.name) in pinned:
                    waiting.append(one)
    return {name for name, _ in found}


def text() -> str:
    pinned = pins()
    return HEAD + "".join(pinned[name] for name in sorted(needed(pinned)))


if __name__ == "__main__":
    FILE.write_text(text())
