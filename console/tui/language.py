"""The language of a terminal: what its user asked for, else what the environment says."""

from __future__ import annotations

from collections.abc import Mapping

from shared.texts import best_language


def terminal_language(environment: Mapping[str, str], asked: str | None = None) -> str:
    """By LC_ALL, LC_MESSAGES and LANG, in the order of POSIX; English where they name none that is known."""
    found = asked or next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return best_language(found.partition(".")[0].replace("_", "-"))
