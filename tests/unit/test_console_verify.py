"""`laowu verify`: a certificate checked with the published key and nothing else; whatever else is handed in is refused in one line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from joserfc.jwk import OKPKey
from typer.testing import CliRunner, Result

from console.__main__ import app
from console.commands.verify import NoKey
from services.docking.clearance.certificate import Certificate, sign
from shared.signing import public_key

CERTIFICATE = Certificate(
    placement=UUID(int=1), worker=UUID(int=2), destination="JPN", granted_on=date(2019, 3, 1), valid_to=date(2019, 4, 30)
)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The PEM file of docking; published.json beside it."""
    signing = OKPKey.generate_key("Ed25519")
    (tmp_path / "docking-signing.pem").write_bytes(signing.as_pem(private=True))
    (tmp_path / "published.json").write_text(json.dumps(public_key(tmp_path / "docking-signing.pem")))
    return tmp_path / "docking-signing.pem"


def token(key: Path) -> str:
    return sign(OKPKey.import_key(key.read_bytes()), CERTIFICATE)


def verify(folder: Path, *words: str, home: str = "nowhere") -> Result:
    return CliRunner().invoke(app, ["verify", *words], env={"LAOWU_HOME": str(folder / home)})


def test_a_certificate_is_valid_on_its_days_with_the_published_key(tmp_path: Path, key: Path) -> None:
    published = str(tmp_path / "published.json")
    given = verify(tmp_path, token(key), "--key", published, "--on", "2019-04-30", "--json")
    assert (given.exit_code, Certificate.model_validate_json(given.stdout)) == (0, CERTIFICATE)
    late = verify(tmp_path, token(key), "--key", published, "--on", "2019-05-01")
    assert (late.exit_code, "valid from 2019-03-01 to 2019-04-30" in late.stderr) == (1, True)


def test_a_file_or_an_answer_of_docking_is_read_and_the_stack_s_own_key_is_at_hand(tmp_path: Path, key: Path) -> None:
    (tmp_path / "token.txt").write_text(token(key) + "\n")
    (tmp_path / "answer.json").write_text(json.dumps({"state": "cleared", "clearance": token(key)}))
    for file in ("token.txt", "answer.json"):
        given = verify(tmp_path, str(tmp_path / file), "--on", "2019-03-01", home=".")
        assert (given.exit_code, "may leave for JPN from 2019-03-01 to 2019-04-30" in given.stdout) == (0, True), given.stderr


def test_what_is_no_certificate_of_the_key_is_refused(tmp_path: Path, key: Path) -> None:
    head, payload, signature = token(key).split(".")
    stranger = sign(OKPKey.generate_key("Ed25519"), CERTIFICATE)
    for text in (f"{head}.{payload[:-2]}AA.{signature}", stranger, f"{head}..{signature}", "x", "a.b.c", "é" * 2_000):
        given = verify(tmp_path, text, "--on", "2019-03-01", home=".")
        assert (given.exit_code, "NOT VALID" in given.stderr, given.stdout) == (1, True, ""), text


def test_without_a_key_or_with_none_in_the_file_it_says_what_to_do(tmp_path: Path, key: Path) -> None:
    none = verify(tmp_path, token(key))
    assert isinstance(none.exception, NoKey)  # main() says it in one line
    assert "GET /clearance/keys" in str(none.exception)
    for content in ("", "[]", "{}", '{"keys": [{}]}', "[" * 50_000, '{"keys": "x"}'):
        (tmp_path / "bad.json").write_text(content)
        bad = verify(tmp_path, token(key), "--key", str(tmp_path / "bad.json"))
        assert (bad.exit_code, type(bad.exception)) == (2, SystemExit), (content[:20], bad.stderr)
    for content in ("{}", "{", '{"data": []}', '{"clearance": null}'):
        (tmp_path / "answer.json").write_text(content)
        bad = verify(tmp_path, str(tmp_path / "answer.json"), home=".")
        assert (bad.exit_code, type(bad.exception)) == (2, SystemExit), (content, bad.stderr)
