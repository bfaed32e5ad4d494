"""`laowu verify`: a certificate checked offline, as a border officer would, with nothing but the published keys."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from pydantic import ValidationError
from pypdf import PdfReader

from console.commands.terminal import Json, message
from console.errors import ConsoleError
from console.local.home import Home
from services.docking.clearance.certificate import Certificate, CertificateInvalid, valid
from services.training.domain.certificates import Validity
from services.training.statements.certificates import KIND as TRAINING
from services.training.statements.certificates import Statement
from shared.signing import SignatureInvalid, Signed, public_keys
from shared.signing import verify as verify_signature
from shared.values import Clock

LONGEST = 64 * 1024  # bytes; a certificate takes 600
LONGEST_PAPER = 2 * 1024 * 1024  # one takes 90,000
FIELDS = ("clearance", "certificate", "statement")  # where answers and ClearanceGranted have it


class NoKey(ConsoleError):
    """There is no key to check a certificate with."""


def verify(
    certificate: Annotated[
        str, typer.Argument(help="the token, or a file that holds it: text, a service's JSON answer, or the certificate as PDF")
    ],
    *,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="docking's GET /clearance/keys or training's GET /public/certificate-keys, saved; several may be named; "
            "left out: this stack's own",
        ),
    ] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day it must be valid on; left out: today")] = None,
    as_json: Json = False,
) -> None:
    """Check a clearance or training certificate without a network. Exit status: 0 valid, 1 not, 2 wrong usage."""
    keys = [one for path in key for one in _published(path)] if key else _own_keys()
    day = on.date() if on else Clock().today()
    try:
        found = checked(_token(certificate), keys, day)
    except CertificateInvalid as error:
        message(f"NOT VALID on {day}: {error}", "red")
        raise typer.Exit(1) from None
    print(found.model_dump_json(indent=1) if as_json else "\n".join(_lines(found, day)))


def checked(token: str, keys: Sequence[OKPKey], on: date) -> Certificate | Statement:
    """What one of the keys has signed, valid on the day. Raises CertificateInvalid."""
    try:
        signed = verify_signature(token, keys)
    except SignatureInvalid:
        raise CertificateInvalid("not a certificate of any of these keys") from None
    return _valid_statement(signed, on) if signed.kind == TRAINING else valid(signed, on)


def _valid_statement(signed: Signed, on: date) -> Statement:
    """Raises CertificateInvalid."""
    try:
        statement = Statement.model_validate_json(signed.payload)
    except ValidationError:
        raise CertificateInvalid("not a statement about a training certificate") from None
    if statement.state is not Validity.VALID:
        raise CertificateInvalid(f"{statement.state} on {statement.stated_on}")
    if not statement.issued_on <= on <= statement.valid_to:
        raise CertificateInvalid(f"valid from {statement.issued_on} to {statement.valid_to}")
    return statement


def _lines(found: Certificate | Statement, day: date) -> tuple[str, str]:
    if isinstance(found, Certificate):
        number = f"{found.worker_no}, " if found.worker_no else ""
        return (
            f"valid on {day}: worker {number}{found.worker}, placement {found.placement}",
            f"may leave for {found.destination} from {found.granted_on} to {found.valid_to}",
        )
    holder = f"worker {found.worker}" if found.worker else "whose is not stated"
    return (
        f"valid on {day} as stated on {found.stated_on}: training certificate {found.serial}, {holder}",
        f"for {found.destination} as {found.occupation} from {found.issued_on} to {found.valid_to}",
    )


# --- what is handed in --------------------------------------------------------------------------------------------------
def _token(text: str) -> str:
    """The token itself, from a file where one of that name is there, without the blanks between its groups. Raises BadParameter."""
    path = Path(text)
    if _is_file(path):
        if path.stat().st_size > LONGEST_PAPER:
            raise typer.BadParameter(f"{text} is larger than any certificate")
        content = path.read_bytes()
        if content.startswith(b"%PDF-"):
            return _printed(content, text)
        if len(content) > LONGEST:
            raise typer.BadParameter(f"{text} is larger than any certificate")
        text = content.decode(errors="replace")
    text = text.strip()
    if not text.startswith("{"):
        return "".join(text.split())
    try:
        return next(str(found) for name in FIELDS if (found := _field(json.loads(text), name)))
    except (ValueError, RecursionError, StopIteration):
        raise typer.BadParameter(f"the document has no {' or '.join(FIELDS)}") from None


def _printed(content: bytes, name: str) -> str:
    """The token that a paper has as its keyword: the one of its QR code. Raises BadParameter."""
    try:
        metadata = PdfReader(io.BytesIO(content)).metadata
        found = metadata.get("/Keywords") if metadata else None
    except Exception:  # noqa: BLE001  # a damaged file raises whatever it leads the library to
        found = None
    if not isinstance(found, str) or len(found) > LONGEST:
        raise typer.BadParameter(f"{name} is no certificate on paper")
    return found.strip()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a token is longer than a file's name may be
        return False


def _field(document: Any, name: str) -> Any:
    """Of an answer, or of the data of an event."""
    data = document.get("data") if isinstance(document.get("data"), dict) else document
    return data.get(name)


# --- keys ---------------------------------------------------------------------------------------------------------------
def _own_keys() -> list[OKPKey]:
    """Those of the stack of this folder. Raises NoKey."""
    files = [Home.here().file(f"{service}-signing.pem") for service in ("docking", "training")]
    keys = [key for file in files if file.exists() for key in _keys_of(public_keys(file).model_dump())]
    if not keys:
        raise NoKey("no key here: save docking's GET /clearance/keys (or training's GET /public/certificate-keys) and name it with --key.")
    return keys


def _published(path: Path) -> list[OKPKey]:
    """Raises BadParameter."""
    keys = _keys_of(_document(path))
    if not keys:
        raise typer.BadParameter(f"{path} holds no Ed25519 key (JWKS)")
    return keys


def _keys_of(document: Any) -> list[OKPKey]:
    try:
        return [key for key in KeySet.import_key_set(document).keys if isinstance(key, OKPKey)]
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes()[: LONGEST + 1])
    except (ValueError, RecursionError):
        raise typer.BadParameter(f"{path} is no JSON") from None
