"""The secrets of one local stack, made the first time they are needed and kept in its folder."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import OKPKey

from console.errors import ConsoleError
from console.local.home import Home, write_private
from shared.web.auth import new_key, public_keys


def auth_key(home: Home) -> OKPKey:
    """The key this stack's tokens are signed with, made the first time; the services get only its public half (auth.jwks.json)."""
    known = home.read("auth.json")
    if known is None:
        key = new_key()
        home.write("auth.jwks.json", public_keys([key]))
        home.write("auth.json", key.as_dict(private=True))
        return key
    return OKPKey.import_key(known)


def service_keys(home: Home) -> dict[str, dict[str, str]]:
    """Service -> the variables that hold its secrets, made the first time."""
    known: dict[str, str] | None = home.read("keys.json")
    if known is None:
        known = {
            name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("REGISTRATION_MASTER_KEY", "REGISTRATION_LOOKUP_KEY")
        }
        home.write("keys.json", known)
    return {"registration": known, **{service: _signing_key(home, service) for service in ("docking", "training")}}


MASTER, PREVIOUS = "REGISTRATION_MASTER_KEY", "REGISTRATION_PREVIOUS_MASTER_KEYS"
LOOKUP, SECOND = "REGISTRATION_LOOKUP_KEY", "REGISTRATION_SECOND_LOOKUP_KEY"


class LookupKeyUnfinished(ConsoleError):
    """Two lookup keys are valid: the change that is under way is ended first."""


def renew_master_key(home: Home) -> None:
    """A new master key; the ones before it are kept, first the newest, to open what is not under the new one yet."""
    known = service_keys(home)["registration"]
    previous = ",".join(filter(None, (known[MASTER], known.get(PREVIOUS))))
    fresh = base64.b64encode(secrets.token_bytes(32)).decode()
    home.write("keys.json", {**known, MASTER: fresh, PREVIOUS: previous})


def forget_previous_master_keys(home: Home) -> bool:
    """Whether there were any. What only they open is lost."""
    known = service_keys(home)["registration"]
    home.write("keys.json", {name: value for name, value in known.items() if name != PREVIOUS})
    return bool(known.get(PREVIOUS))


def renew_lookup_key(home: Home) -> None:
    """A new lookup key; the one before is valid beside it. Raises LookupKeyUnfinished: a third one would hide who is under the first."""
    known = service_keys(home)["registration"]
    if known.get(SECOND):
        raise LookupKeyUnfinished("two lookup keys are valid: laowu keys rehash, then laowu keys forget-lookup")
    home.write("keys.json", {**known, LOOKUP: base64.b64encode(secrets.token_bytes(32)).decode(), SECOND: known[LOOKUP]})


def forget_second_lookup_key(home: Home) -> bool:
    """Whether there was one."""
    known = service_keys(home)["registration"]
    home.write("keys.json", {name: value for name, value in known.items() if name != SECOND})
    return bool(known.get(SECOND))


def session_key(home: Home) -> str:
    """What the browser console seals its session cookies with, made the first time."""
    known = home.read("session.json")
    if known is None:
        known = {"key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}
        home.write("session.json", known)
    return str(known["key"])


def endpoint_key(home: Home) -> str:
    """What the services seal the secrets of webhooks and mailboxes with, made the first time."""
    known: dict[str, str] | None = home.read("endpoint-key.json")
    if known is None:
        known = {"ENDPOINT_KEY": base64.b64encode(secrets.token_bytes(32)).decode()}
        home.write("endpoint-key.json", known)
    return known["ENDPOINT_KEY"]


def _signing_key(home: Home, service: str) -> dict[str, str]:
    """The key that the service signs certificates with."""
    signing = home.file(f"{service}-signing.pem")
    if not signing.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(signing, pem.decode())
    return {f"{service.upper()}_SIGNING_KEY": str(signing)}
