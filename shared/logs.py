"""Logs: one line per entry on stderr."""

from __future__ import annotations

import logging
import sys


def configure_logging(service: str, level: str) -> None:
    """One line per entry on stderr; the supervisor keeps it per service."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s {service} %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiokafka").setLevel("WARNING")
