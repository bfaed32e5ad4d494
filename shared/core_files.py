"""No core file of a process that holds keys: it would hold them as well."""

from __future__ import annotations

import resource


def forbid_core_files() -> None:
    """Of this process and of those that it starts."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
