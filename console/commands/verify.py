"""`laowu verify`: a clearance certificate checked offline, as a border officer would, with nothing but the published key."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from console.commands.terminal import Json, message
from console.errors import ConsoleError
from console.local.home import Home
from services.docking.clearance.certificate import Certificate, CertificateInvalid
from services.docking.clearance.certificate import verify as verify_signature
from shared.signing import public_key
from shared.values import Clock

LONGEST = 64 * 1024  # bytes; a certificate takes 500
FIELDS = ("clearance", "certificate")  # where docking's answers and ClearanceGranted have it


class NoKey(ConsoleError):
    """There is no key to check a certificate with."""


def verify(
    certificate: Annotated[str, typer.Argument(help="the token, or a file that holds it (docking's JSON answer will do)")],
    *,
    key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="docking's GET /clearance/keys, saved; left out: this stack's own")
    ] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day it must be valid on; left out: today")] = None,
    as_json: Json = False,
) -> None:
    """Check a clearance certificate without a network. Exit status: 0 valid, 1 not, 2 wrong usage."""
    keys = _keys(key)
    day = on.date() if on else Clock().today()
    try:
        found = checked(_token(certificate), keys, day)
    except CertificateInvalid as error:
        message(f"NOT VALID on {day}: {error}", "red")
        raise typer.Exit(1) from None
    if as_json:
        print(found.model_dump_json(indent=1))
        return
    print(f"valid on {day}: worker {found.worker}, placement {found.placement}")
    print(f"may leave for {found.destination} from {found.granted_on} to {found.valid_to}")


def checked(token: str, keys: list[OKPKey], on: date) -> Certificate:
    """What one of the keys has signed. Raises CertificateInvalid, with the reason of the last of them."""
    refused = CertificateInvalid("not a certificate of any of these keys")
    for key in keys:
        try:
            return verify_signature(token, key, on=on)
        except CertificateInvalid as error:
            refused = error
    raise refused


def _token(text: str) -> str:
    """The token itself, from a file where one of that name is there. Raises BadParameter."""
    path = Path(text)
    if _is_file(path):
        if path.stat().st_size > LONGEST:
            raise typer.BadParameter(f"{text} is larger than any certificate")
        text = path.read_text(errors="replace")
    text = text.strip()
    if not text.startswith("{"):
        return text
    try:
        return next(str(found) for name in FIELDS if (found := _field(json.loads(text), name)))
    except (ValueError, RecursionError, StopIteration):
        raise typer.BadParameter(f"the document has no {' or '.join(FIELDS)}") from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a token is longer than a file's name may be
        return False


def _field(document: Any, name: str) -> Any:
    """Of an answer, or of the data of an event."""
    data = document.get("data") if isinstance(document.get("data"), dict) else document
    return data.get(name)


def _keys(path: Path | None) -> list[OKPKey]:
    """Raises NoKey, BadParameter."""
    if path is None:
        signing = Home.here().file("docking-signing.pem")
        if not signing.exists():
            raise NoKey("no key here: save docking's GET /clearance/keys and name it with --key.")
        document: Any = dict(public_key(signing))
    else:
        document = _document(path)
    try:
        keys = [key for key in KeySet.import_key_set(document).keys if isinstance(key, OKPKey)]
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        keys = []
    if not keys:
        raise typer.BadParameter(f"{path} holds no Ed25519 key (JWKS)")
    return keys


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes()[: LONGEST + 1])
    except (ValueError, RecursionError):
        raise typer.BadParameter(f"{path} is no JSON") from None
