"""What a stack remembers in its folder: one supervisor at a time, the same ports, keys nobody else may read."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from console.commands.stack import LOGS
from console.errors import NotRunning
from console.local import home as homes
from console.local import secret_keys, stack
from console.local.home import Home


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    lock = homes.try_lock(home)
    assert lock is not None
    assert homes.try_lock(home) is None
    os.close(lock)
    again = homes.try_lock(home)
    assert again is not None
    os.close(again)


def test_ports_stay_and_a_new_part_gets_one_of_its_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = homes.ports(home)
    assert homes.ports(home) == first
    home.write("ports.json", {name: port for name, port in first.items() if name != "stats"})
    second = homes.ports(home)
    assert len(set(second.values())) == len(homes.PORTS)
    assert {name: second[name] for name in first if name != "stats"} == {name: first[name] for name in first if name != "stats"}


def test_keys_are_made_once_and_are_the_owners_only(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = secret_keys.service_keys(home)
    assert secret_keys.service_keys(home) == made
    assert [len(base64.b64decode(value)) for value in made["registration"].values()] == [32, 32]
    pems = [Path(made[service][f"{service.upper()}_SIGNING_KEY"]) for service in ("docking", "training")]
    assert all(isinstance(load_pem_private_key(pem.read_bytes(), password=None), Ed25519PrivateKey) for pem in pems)
    assert len({pem.read_bytes() for pem in pems}) == 2
    assert secret_keys.auth_key(home).kid == secret_keys.auth_key(home).kid
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == dict.fromkeys(
        ("keys.json", "docking-signing.pem", "training-signing.pem", "auth.json", "auth.jwks.json"), 0o600
    )


def test_laowu_home_names_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LAOWU_HOME", raising=False)
    assert Home.here().folder == tmp_path / ".laowu"
    monkeypatch.setenv("LAOWU_HOME", str(tmp_path / "elsewhere"))
    assert Home.here().folder == tmp_path / "elsewhere"


def test_every_process_has_a_log_of_its_own(tmp_path: Path) -> None:
    assert len({Home(tmp_path).log(name) for name in LOGS}) == len(LOGS)


def test_where_no_stack_was_started_it_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert stack.status(home) == []
    assert not stack.all_ready(home)
    assert not stack.down(home)
    for ask in (stack.endpoints, stack.kafka_bootstrap):
        with pytest.raises(NotRunning, match="laowu up"):
            ask(home)
