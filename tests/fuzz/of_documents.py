"""What is signed, or claims to be: tokens, keys, certificates; and what operators hand in: settings, backups, command lines."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from pypdf import PdfWriter
from typer.core import TyperGroup

from console.__main__ import COMMANDS, load
from console.commands.verify import _keys_of, _token, checked
from console.local import manifest
from console.local.manifest import BackupDamaged
from console.web.code_flow import Grant
from console.web.settings import ConsoleSettings
from services.docking.clearance.certificate import KIND as CLEARANCE
from services.docking.clearance.certificate import CertificateInvalid
from services.training.statements.certificates import KIND as TRAINING
from shared.principals import Principal, Role
from shared.settings import WRONG, Settings, wrong
from shared.web.auth import ISSUER, TrustedIssuer, Verifier, new_key, public_keys
from shared.web.claims import ClaimPaths, Unauthenticated
from shared.web.issuer import Discovery
from shared.web.trusted_keys import TrustedKeys, read_keys
from tests.fuzz.parser import Parser, Refusal, as_text

KEY = new_key()
OIDC = "https://id.example/realms/labour"
TODAY = date(2018, 9, 28)
WRONG_USAGE = typer.BadParameter.__mro__[1]  # what every refusal of an argument is


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def signed(head: bytes, payload: bytes) -> str:
    """A compact JWS over exactly these bytes, by a key that is trusted."""
    private = KEY.private_key
    assert isinstance(private, Ed25519PrivateKey)
    text = b"%s.%s" % (_encoded(head), _encoded(payload))
    return f"{text.decode()}.{_encoded(private.sign(text)).decode()}"


# --- tokens ---------------------------------------------------------------------------------------------------------------
class _Keys:
    async def current(self) -> TrustedKeys:
        return _trusted()

    async def with_key(self, kid: str) -> TrustedKeys:  # noqa: ARG002  # as Keys has it
        return _trusted()


@cache
def _trusted() -> TrustedKeys:
    return read_keys(json.dumps(public_keys([KEY])).encode())


@cache
def _verifier() -> Verifier:
    paths = ClaimPaths(
        audience="laowu",
        roles=[("realm_access", "roles"), ("resource_access", "laowu", "roles")],
        regions=("regions",),
        party=("labour", "party"),
        names={"labour-clerk": Role.CLERK, "labour-officer": Role.OFFICER},
    )
    return Verifier({ISSUER: TrustedIssuer(_Keys()), OIDC: TrustedIssuer(_Keys(), paths)})


def claims() -> tuple[bytes, ...]:
    """Header and claims, one on a line each."""
    head = json.dumps({"alg": "Ed25519", "kid": KEY.kid, "typ": "JWT"})
    ours = {"iss": ISSUER, "sub": "tester", "role": "clerk", "regions": ["622400", "CN"], "party": "centre-1", "exp": 2**40, "jti": "a7"}
    theirs = {
        "iss": OIDC,
        "sub": "tester",
        "aud": ["laowu", "account"],
        "exp": 2**40,
        "iat": 1.5,
        "nbf": 0,
        "regions": ["620000"],
        "realm_access": {"roles": ["labour-clerk", "offline"]},
        "resource_access": {"laowu": {"roles": []}},
        "labour": {"party": "p"},
    }
    return tuple(f"{head}\n{json.dumps(found)}".encode() for found in (ours, theirs))


def read_claims(lines: bytes) -> None:
    """Of whoever holds a trusted key."""
    head, _, payload = lines.partition(b"\n")
    _enter(signed(head, payload))


def tokens() -> tuple[bytes, ...]:
    return tuple(signed(*lines.split(b"\n")).encode() for lines in claims())


def read_token(token: bytes) -> None:
    _enter(token.decode("latin-1"))


def _enter(token: str) -> Principal:
    work = _verifier().principal(token)
    try:
        work.send(None)
    except StopIteration as ended:
        found = ended.value
        assert isinstance(found, Principal)
        return found
    raise AssertionError("it waits for something")


def jwks() -> tuple[bytes, ...]:
    others = (
        {
            "kty": "EC",
            "crv": "P-256",
            "kid": "e",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
        {"kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "e": "AQAB", "n": _encoded(b"\xff" * 256).decode()},
    )
    documents: Sequence[Any] = (public_keys([KEY]), {"keys": others}, {"keys": [*others, *public_keys([new_key()])["keys"]]})  # type: ignore[misc]
    return tuple(json.dumps(one).encode() for one in documents)


def read_jwks(document: bytes) -> None:
    """As services and the console read an issuer's keys, and as `laowu verify` reads published ones."""
    with contextlib.suppress(ValueError, RecursionError):
        _keys_of(json.loads(document))
    read_keys(document)


ANSWERS = (
    json.dumps(
        {
            "issuer": OIDC,
            "jwks_uri": f"{OIDC}/certs",
            "authorization_endpoint": f"{OIDC}/auth",
            "token_endpoint": f"{OIDC}/token",
            "end_session_endpoint": f"{OIDC}/end",
            "access_token": "a.b.c",
            "refresh_token": "r",
            "id_token": "i.d.t",
        }
    ).encode(),
)


def read_answer(document: bytes) -> None:
    Discovery.model_validate_json(document)
    Grant.model_validate_json(document)


# --- certificates ---------------------------------------------------------------------------------------------------------
def certificates() -> tuple[bytes, ...]:
    """Header and what is signed, one on a line each."""
    an_id = "018f0000-0000-7000-8000-000000000000"
    clearance = {
        "placement": an_id,
        "worker": an_id,
        "worker_no": "W00000417-1",
        "destination": "JPN",
        "granted_on": "2018-09-01",
        "valid_to": "2018-12-01",
    }
    statement = {
        "serial": "TC000000000001",
        "worker": an_id,
        "destination": "JPN",
        "occupation": "7112",
        "minutes": 2880,
        "credited": 0,
        "basis": "training",
        "issued_on": "2018-09-01",
        "valid_to": "2019-09-01",
        "state": "valid",
        "stated_on": "2018-09-28",
    }
    return tuple(
        f"{json.dumps({'alg': 'Ed25519', 'typ': kind, 'kid': KEY.thumbprint()})}\n{json.dumps(found)}".encode()
        for kind, found in ((CLEARANCE, clearance), (TRAINING, statement))
    )


def read_certificate(lines: bytes) -> None:
    head, _, payload = lines.partition(b"\n")
    checked(signed(head, payload), [KEY], TODAY)


def read_code(text: bytes) -> None:
    """What was read out of a QR code, or typed."""
    checked(as_text(text), [new_or_known(), KEY], TODAY)


@cache
def new_or_known() -> Any:
    return new_key()


def codes() -> tuple[bytes, ...]:
    return tuple(signed(*lines.split(b"\n")).encode() for lines in certificates())


@cache
def _folder() -> Path:
    """Of this process, in memory where there is such a folder; it goes with the process."""
    shared = Path("/dev/shm")  # noqa: S108  # nothing of it is kept
    folder = Path(tempfile.mkdtemp(prefix="laowu-fuzz-", dir=shared if os.access(shared, os.W_OK) else None))
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=10)  # a worker of a pool runs nothing that atexit knows
    return folder


def files() -> tuple[bytes, ...]:
    code = codes()[0].decode()
    return (code.encode(), json.dumps({"clearance": code}).encode(), json.dumps({"data": {"certificate": code}}, indent=1).encode())


def papers() -> tuple[bytes, ...]:
    writer, buffer = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Title": "certificate", "/Keywords": codes()[0].decode()})
    writer.write(buffer)
    return (buffer.getvalue(),)


def read_file(content: bytes) -> None:
    file = _folder() / "certificate"
    file.write_bytes(content)
    _token(str(file))


# --- backups --------------------------------------------------------------------------------------------------------------
def manifests() -> tuple[bytes, ...]:
    archived = {"name": "docking.dump", "size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    positions = {
        "epoch": 1,
        "next_numbers": {"docking.events/0": 17},
        "next_offsets": {"registration.events/0": 4},
        "outbox": 0,
        "migrations": 31,
    }
    database = {"service": "docking", "file": archived, "server": "16.2", "positions": positions}
    whole = {"format": 1, "holds": "databases", "made_at": "2018-09-28T08:00:00Z", "databases": [database], "keys": []}
    return json.dumps(whole).encode(), json.dumps(whole | {"holds": "keys", "databases": [], "keys": [archived]}).encode()


def read_manifest(content: bytes) -> None:
    (_folder() / "docking.dump").touch()
    (_folder() / manifest.MANIFEST).write_bytes(content)
    manifest.read(_folder())


# --- settings -------------------------------------------------------------------------------------------------------------
def settings() -> tuple[bytes, ...]:
    usual = {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
        "DATABASE_URL": "postgresql://laowu:p%40ss@127.0.0.1:5432/x?sslmode=prefer",
        "HTTP_PORT": "8001",
        "AUTH_ISSUER": OIDC,
        "AUTH_AUDIENCE": "laowu",
        "AUTH_ROLES": '{"labour-clerk": "clerk"}',
        "AUTH_ROLE_CLAIMS": "realm_access.roles,roles",
        "CALLER_REQUESTS_PER_SECOND": "50",
        "SIMULATION": "true",
        "SMTP_URL": "smtp://user:password@mail.example:587",
        "MAIL_FROM": "laowu@example.org",
        "SWEEP_SECONDS": "30",
        "ENDPOINT_KEY": base64.b64encode(bytes(32)).decode(),
        "CONSOLE_URL": "https://laowu.example",
    }
    secured = usual | {
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": "docking",
        "KAFKA_SASL_PASSWORD": "secret",
        "DATABASE_URL": "postgresql://a:b@one:5432,two:5432/x?target_session_attrs=primary",
    }
    console = usual | {"CONSOLE_PORT": "8006", "SERVICE_URLS": '{"stats": "http://127.0.0.1:8005"}', "SESSION_KEY": "A" * 43 + "="}
    return tuple("\n".join(f"{name}={value}" for name, value in one.items()).encode() for one in (usual, secured, console))


def read_settings(lines: bytes) -> None:
    """Out of the environment; what is wrong is named, each without its value."""
    given = dict(_variables(lines))
    refused = 0
    with _environment(given):
        for kind in (Settings, ConsoleSettings):
            try:
                kind()
            except WRONG as error:
                refused += 1
                _require_named(wrong(error))
    if refused == 2:
        raise Refusal


def _require_named(lines: Sequence[str]) -> None:
    assert lines
    assert all(line.partition(":")[0] for line in lines)


def _variables(lines: bytes) -> Iterator[tuple[str, str]]:
    for line in os.fsdecode(lines.replace(b"\x00", b"")).split("\n"):
        name, sign, value = line.partition("=")
        if name and sign:
            yield name, value


@contextlib.contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


# --- command lines --------------------------------------------------------------------------------------------------------
LINES = (
    *(("demo", "--seed", "7", "--scale", "8000"), ("report", "--json"), ("watch",)),
    *(
        ("why", "dispatches|nation:CN|2018", "--json"),
        ("audit", "--json"),
        ("rebuild", "--accept"),
        ("verify", "a.b.c", "--on", "2018-09-28"),
    ),
    *(("deadletters", "list", "docking"), ("deadletters", "redrive", "docking", "7"), ("person", "W00000417-1")),
    *(("token", "clerk", "--region", "622427", "--hours", "2"), ("lock-token", "a7", "--why", "leaked"), ("mail", "3"), ("down",)),
    *(
        ("backup", "folder", "--service", "docking"),
        ("restore", "folder", "--replace"),
        ("keys", "status"),
        ("lost-events", "list", "docking"),
    ),
    *(
        ("relay", "new-epoch", "docking"),
        ("kafka", "acls"),
        ("postgres", "roles"),
        ("up",),
        ("status", "--json"),
        ("logs", "stats", "--lines", "5"),
    ),
)


def command_lines() -> tuple[bytes, ...]:
    return tuple("\n".join(one).encode() for one in LINES)


def read_command_line(lines: bytes) -> None:
    """Up to where the command would run: its arguments are read, or refused as wrong usage."""
    name, *arguments = os.fsdecode(lines.replace(b"\x00", b"")).split("\n")
    if name not in COMMANDS or {"--help", "-h"} & set(arguments):
        raise Refusal
    command = _loaded(name)
    with contextlib.redirect_stdout(io.StringIO()), command.make_context(name, arguments) as context:
        if isinstance(command, TyperGroup) and context.args:
            below, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
            if found is not None and not {"--help", "-h"} & set(rest):
                found.make_context(below, rest, parent=context).close()


@cache
def _loaded(name: str) -> Any:
    return load(name)


PARSERS = (
    Parser(name="tokens", samples=tokens, read=read_token, refuses=(Unauthenticated,), share=60),
    Parser(name="claims", samples=claims, read=read_claims, refuses=(Unauthenticated,), share=30),
    Parser(name="published keys", samples=jwks, read=read_jwks, refuses=(ValueError,), share=20),
    Parser(name="answers of an issuer", samples=lambda: ANSWERS, read=read_answer, refuses=(ValidationError,), share=10),
    Parser(name="certificates", samples=certificates, read=read_certificate, refuses=(CertificateInvalid,), share=15),
    Parser(name="codes on paper", samples=codes, read=read_code, refuses=(CertificateInvalid,), share=30),
    Parser(name="files with certificates", samples=files, read=read_file, refuses=(typer.BadParameter,), share=15),
    Parser(name="papers as PDF", samples=papers, read=read_file, refuses=(typer.BadParameter,), share=2),
    Parser(name="manifests of backups", samples=manifests, read=read_manifest, refuses=(BackupDamaged,), share=15),
    Parser(name="settings", samples=settings, read=read_settings, share=1),
    Parser(name="command lines", samples=command_lines, read=read_command_line, refuses=(Refusal, WRONG_USAGE, typer.Exit), share=10),
)
