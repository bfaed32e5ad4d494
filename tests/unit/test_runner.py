"""What a service's command line may say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from services.rights.__main__ import SERVICE
from shared import runner


@pytest.mark.parametrize("arguments", [["acls"], ["acls", "User:rights", "User:stats"], ["migrate", "now"], ["new-epoch"], ["serve"]])
def test_arguments_that_mean_nothing_are_answered_with_the_usage_and_nothing_is_started(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["services.rights", *arguments])
    with pytest.raises(SystemExit) as ended:
        runner.main(SERVICE)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"usage: python -m services.rights [{runner.COMMANDS}]\n"


def test_what_a_service_needs_to_be_allowed_is_printed_for_the_principal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["services.rights", "acls", "User:rights"])
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9093")
    runner.main(SERVICE)
    assert "--allow-principal User:rights --topic rights.events --operation Describe" in capsys.readouterr().out


_LIMIT_AFTER = """
import contextlib, resource, runpy, sys
with contextlib.suppress(SystemExit):
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
print(resource.getrlimit(resource.RLIMIT_CORE))
"""


@pytest.mark.parametrize("module", ["services.registration", "console.web"])
def test_a_process_that_holds_keys_leaves_no_core_file(module: str) -> None:
    command = [sys.executable, "-c", _LIMIT_AFTER, module]
    ended = subprocess.run(command, env={}, capture_output=True, text=True, check=True, timeout=60)
    assert ": setting " in ended.stderr  # it ended before it served: it has no settings
    assert ended.stdout == "(0, 0)\n"
