"""`laowu token` signs with the stack's own key, for the role and the regions it is asked for, and never without a stack."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.__main__ import app
from console.errors import NotRunning
from console.local import compose_env
from console.local.home import PORTS, Home
from console.local.regions import RegionUnclear, region_code
from shared.principals import NATION, Principal, Role
from shared.web.auth import Verifier
from shared.web.claims import Unauthenticated


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LAOWU_HOME", str(tmp_path))
    return Home(tmp_path)


@pytest.fixture
def stack(home: Home) -> Home:
    home.write("ports.json", dict.fromkeys(PORTS, 1))
    return home


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["token", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def who(stack: Home, *arguments: str) -> Principal:
    issued = printed(*arguments)
    return asyncio.run(Verifier.load(stack.file("auth.jwks.json")).principal(issued))


def test_the_services_of_the_stack_accept_it(stack: Home) -> None:
    assert who(stack, "trainer", "--party", "a-centre") == Principal("local-trainer", Role.TRAINER, (NATION,), "a-centre")


def test_a_role_is_the_argument_or_an_option(stack: Home) -> None:
    assert who(stack, "--role", "clerk").role is Role.CLERK
    assert CliRunner().invoke(app, ["token"]).exit_code == 2
    assert CliRunner().invoke(app, ["token", "clerk", "--role", "officer"]).exit_code == 2


def test_regions_are_codes_or_names(stack: Home) -> None:
    named = who(stack, "clerk", "--region", "622427", "--region", "甘肃", "--region", "Dingxi")
    assert named.regions == ("622427", "620000", "621100")


def test_it_is_valid_for_the_hours_asked_for(stack: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    token = printed("officer", "--hours", "1")
    verifier = Verifier.load(stack.file("auth.jwks.json"))
    monkeypatch.setattr("shared.web.auth.time.time", lambda: time.time_ns() / 1e9 + 3601)
    with pytest.raises(Unauthenticated):
        asyncio.run(verifier.principal(token))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CN", "CN"),
        ("全国", "CN"),
        ("622427", "622427"),
        ("甘肃省", "620000"),
        ("gansu", "620000"),
        ("Gan Su", "620000"),
        ("通渭县", "621121"),
        ("tongwei", "621121"),
        ("吉林省", "220000"),
        ("吉林市", "220200"),
    ],
)
def test_a_region_is_found_by_code_and_by_name_in_characters_and_in_letters(text: str, code: str) -> None:
    assert region_code(text) == code


def test_a_name_of_several_regions_is_refused_with_all_of_them() -> None:
    with pytest.raises(RegionUnclear, match=r"220000 吉林省.*220200 吉林市"):
        region_code("吉林")
    with pytest.raises(RegionUnclear, match="no province"):
        region_code("atlantis")


def test_it_may_be_for_the_stack_in_containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotRunning, match="make up-compose"):
        CliRunner().invoke(app, ["token", "officer", "--compose"], catch_exceptions=False)
    compose_env.write_env(compose_env.ENV)
    assert who(Home(compose_env.KEYS), "officer", "--compose", "--region", "gansu").regions == ("620000",)


def test_there_is_none_without_a_stack_and_none_for_a_service(home: Home) -> None:
    with pytest.raises(NotRunning):
        CliRunner().invoke(app, ["token", "officer"], catch_exceptions=False)
    assert not home.file("auth.json").exists()
    assert CliRunner().invoke(app, ["token", "service"]).exit_code == 2
