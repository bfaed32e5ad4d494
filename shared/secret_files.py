"""Settings out of files, as containers are given secrets: /run/secrets/database_url stands for the variable DATABASE_URL.

Whoever may look at a container, or at a manifest, reads its environment; a file is read by the process alone. A variable that is set
goes before the file of its name.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path("/run/secrets")
SECRETS_DIR = FOLDER if FOLDER.is_dir() else None  # of every settings class; None: outside a container
