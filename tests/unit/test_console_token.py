"""`laowu token` signs with the stack's own key, for the role it is asked for, and never without a stack."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from console.commands.token import token
from console.errors import NotRunning
from console.local.home import PORTS, Home
from shared.principals import NATION, Principal, Role
from shared.web.auth import Verifier


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LAOWU_HOME", str(tmp_path))
    return Home(tmp_path)


def test_the_services_of_the_stack_accept_it(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.write("ports.json", dict.fromkeys(PORTS, 1))
    token(Role.TRAINER, party="a-centre")
    who = Verifier.load(home.file("auth.jwks.json")).principal(capsys.readouterr().out.strip())
    assert who == Principal("local-trainer", Role.TRAINER, (NATION,), "a-centre")


def test_there_is_none_without_a_stack_and_none_for_a_service(home: Home) -> None:
    with pytest.raises(NotRunning):
        token(Role.OFFICER, party=None)
    assert not home.file("auth.json").exists()
    with pytest.raises(typer.BadParameter):
        token(Role.SERVICE, party=None)
