"""Secrets for docker-compose.yml: `python -m console.local.compose_env` writes .env and .laowu/compose/ where they do not exist.

The folder is its owner's only. The key files in it are readable to all, because a container that runs as another account
sees them with the modes they have here; no other account of this machine gets into the folder.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from console.local import secret_keys
from console.local.home import Home, write_private
from console.local.kafka import new_cluster_id
from console.services import SERVICES

KEYS = Path(".laowu") / "compose"
ENV = Path(".env")
PORTS = {"console": 8100, **{service: 8101 + place for place, service in enumerate(SERVICES)}, "kafka": 9094, "postgres": 54320}


def write_env(path: Path, keys: Path = KEYS) -> bool:
    """Write `path` (mode 0600) and the keys. Nothing that exists is changed: the databases know these passwords. What a later version
    needs is added.

    Returns whether `path` was written.
    """
    keys.mkdir(parents=True, exist_ok=True)
    keys.chmod(0o700)
    stack = Home(keys)
    secret_keys.auth_key(stack)
    service_keys = secret_keys.service_keys(stack)
    if not stack.file("session.key").exists():  # a container has it mounted: the file itself stays
        write_private(stack.file("session.key"), secret_keys.session_key(stack))
    stack.file("issuer-ca.pem").touch()
    for name in ("auth.jwks.json", "issuer-ca.pem", "docking-signing.pem", "training-signing.pem", "session.key"):
        stack.file(name).chmod(0o644)
    known = read_env(path)
    lines = {
        "KAFKA_CLUSTER_ID": new_cluster_id(),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        **{f"{service.upper()}{of}_PASSWORD": secrets.token_urlsafe(24) for service in SERVICES for of in ("", "_OWNER")},
        **service_keys["registration"],
        "ENDPOINT_KEY": secret_keys.endpoint_key(stack),
    }
    missing = {name: value for name, value in lines.items() if name not in known}
    if missing:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as out:
            out.writelines(f"{name}={value}\n" for name, value in missing.items())
    return bool(missing)


def read_env(path: Path = ENV) -> dict[str, str]:
    """Its variables; none where there is no file."""
    lines = path.read_text().splitlines() if path.exists() else ()
    return {name: value for name, _, value in (line.partition("=") for line in lines) if value}


def ports(given: Mapping[str, str]) -> dict[str, int]:
    """Where each part is published on 127.0.0.1. `given`: what compose sees, the environment over .env."""
    return {name: int(given.get(f"{name.upper()}_PORT", port)) for name, port in PORTS.items()}


def given() -> dict[str, str]:
    return {**read_env(), **os.environ}


def address(part: str) -> str:
    return f"http://127.0.0.1:{ports(given())[part]}"


if __name__ == "__main__":
    print("written: .env" if write_env(ENV) else "kept: .env")
    print(f"console: {address('console')}, log in with: laowu token officer --compose")
