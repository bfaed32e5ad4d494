"""`laowu verify`: a certificate checked with the published key and nothing else; whatever else is handed in is refused in one line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import OKPKey
from typer.testing import CliRunner, Result

from console.__main__ import app
from console.commands.verify import NoKey
from services.docking.clearance.certificate import Certificate, sign
from shared import signing
from shared.papers.drawing import draw
from shared.papers.parts import Paper
from shared.signing import public_keys

CERTIFICATE = Certificate(
    placement=UUID(int=1), worker=UUID(int=2), destination="JPN", granted_on=date(2019, 3, 1), valid_to=date(2019, 4, 30)
)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The PEM file of docking; published.json beside it."""
    made = OKPKey.generate_key("Ed25519")
    (tmp_path / "docking-signing.pem").write_bytes(made.as_pem(private=True))
    (tmp_path / "published.json").write_text(public_keys(tmp_path / "docking-signing.pem").model_dump_json())
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


def statement(key: Path, **changes: Any) -> str:
    body = {
        "serial": "TC201900000012",
        "worker": str(UUID(int=2)),
        "destination": "JPN",
        "occupation": "7112",
        "minutes": 2400,
        "credited": 0,
        "basis": "training",
        "issued_on": "2019-02-01",
        "valid_to": "2021-01-31",
        "state": "valid",
        "stated_on": "2019-03-01",
        **changes,
    }
    return signing.sign(OKPKey.import_key(key.read_bytes()), "training-certificate+jws", json.dumps(body).encode())


def test_a_statement_about_a_training_certificate_is_checked_with_training_s_key(tmp_path: Path, key: Path) -> None:
    (tmp_path / "training-signing.pem").write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
    stated = statement(tmp_path / "training-signing.pem")
    given = verify(tmp_path, stated, "--on", "2019-03-04", home=".")
    assert (given.exit_code, "training certificate TC201900000012, worker 00000000-" in given.stdout) == (0, True), given.stderr
    (tmp_path / "trained.json").write_text(public_keys(tmp_path / "training-signing.pem").model_dump_json())
    keys = [word for name in ("published.json", "trained.json") for word in ("--key", str(tmp_path / name))]
    for one in (stated, token(key)):
        assert verify(tmp_path, one, *keys, "--on", "2019-03-04").exit_code == 0
    (tmp_path / "answer.json").write_text(json.dumps({"serial": "TC201900000012", "statement": stated}))
    assert verify(tmp_path, str(tmp_path / "answer.json"), *keys, "--on", "2019-03-04").exit_code == 0


def test_a_training_certificate_that_was_revoked_has_ended_or_is_another_kind_of_document_is_not_valid(tmp_path: Path, key: Path) -> None:
    for bad, why in (
        (statement(key, state="revoked"), "revoked on 2019-03-01"),
        (statement(key, valid_to="2019-03-03"), "valid from 2019-02-01 to 2019-03-03"),
        (statement(key, serial=None), "not a statement"),
        (signing.sign(OKPKey.import_key(key.read_bytes()), "receipt+jws", b"{}"), "not a clearance certificate"),
        (signing.sign(OKPKey.import_key(key.read_bytes()), "clearance+jws", b"[]"), "not a clearance certificate"),
    ):
        given = verify(tmp_path, bad, "--on", "2019-03-04", home=".")
        assert (given.exit_code, why in given.stderr) == (1, True), given.stderr


def test_the_paper_itself_and_the_groups_printed_on_it_are_read(tmp_path: Path, key: Path) -> None:
    (tmp_path / "paper.pdf").write_bytes(draw(a_paper(token(key))))
    grouped = " ".join(token(key)[start : start + 8] for start in range(0, len(token(key)), 8))
    for handed_in in (str(tmp_path / "paper.pdf"), grouped, grouped.replace(" ", "\n")):
        given = verify(tmp_path, handed_in, "--on", "2019-03-01", home=".")
        assert (given.exit_code, "may leave for JPN" in given.stdout) == (0, True), given.stderr


def test_a_forged_or_broken_paper_is_refused_in_one_line(tmp_path: Path, key: Path) -> None:
    head, payload, signature = token(key).split(".")
    genuine = draw(a_paper(token(key)))
    (tmp_path / "forged.pdf").write_bytes(draw(a_paper(f"{head}.{payload[:-3]}AAA.{signature}")))
    forged = verify(tmp_path, str(tmp_path / "forged.pdf"), "--on", "2019-03-01", home=".")
    assert (forged.exit_code, "NOT VALID" in forged.stderr) == (1, True)
    for content in (b"%PDF-", b"%PDF-1.7\n" + b"1 0 obj << " * 20_000, genuine[:2000], genuine[:-300], b"%PDF-" + bytes(3 * 1024 * 1024)):
        (tmp_path / "broken.pdf").write_bytes(content)
        broken = verify(tmp_path, str(tmp_path / "broken.pdf"), "--on", "2019-03-01", home=".")
        assert (broken.exit_code, type(broken.exception)) in ((2, SystemExit), (0, None)), (content[:20], broken.exception)


def a_paper(signed: str) -> Paper:
    return Paper(language="zh", title="t", footer="f", day=date(2019, 3, 1), keywords=(signed,), parts=())


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
