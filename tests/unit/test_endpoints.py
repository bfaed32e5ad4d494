"""Where a webhook may lead, and what it is signed with."""

from __future__ import annotations

import base64
import secrets
import textwrap
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from shared.notifications import endpoint_secrets
from shared.notifications.endpoint_secrets import SecretUnreadable
from shared.notifications.webhooks import is_public, is_url
from tests.contracts.code import ROOT
from tests.support.delivery import settings

KEY = secrets.token_bytes(32)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "2001:db8::1",
        "fec0::1",
        "3fff::1",
        "168.63.129.16",
        "::ffff:168.63.129.16",
    ],
)
def test_no_address_of_a_machine_or_a_private_network_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org",
        "https://",
        "https:///hook",
        "https://user:secret@example.org/",
        "https://user@example.org/",
        "https://example.org/#part",
        "https://example.org:99999/",
        "https://example.org\\@127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "javascript:alert(1)",
        "//example.org/",
        "example.org",
    ],
)
def test_a_webhook_is_not_posted_there(url: str) -> None:
    assert not is_url(url, local=False)


@pytest.mark.parametrize(
    "url", ["https://example.org/hook?a=1", "https://example.org:8443/", "https://8.8.8.8/", "https://[2400:3200::1]/"]
)
def test_a_webhook_may_be_posted_there(url: str) -> None:
    assert is_url(url, local=False)


def test_on_a_machine_of_ones_own_http_and_loopback_are_taken() -> None:
    assert is_url("http://127.0.0.1:8080/hook", local=True)
    assert not is_url("ftp://127.0.0.1/", local=True)


def test_a_signature_is_the_one_that_the_standards_own_library_makes() -> None:
    secret, body, moment = endpoint_secrets.new_secret(), b'{"type":"\xe5\x8a\xb3"}', datetime(2026, 11, 26, tzinfo=UTC)
    ours = endpoint_secrets.signature([secret], "msg-1", int(moment.timestamp()), body)
    assert ours == Webhook(secret).sign("msg-1", moment, body.decode())


def test_the_check_that_the_documentation_shows_takes_a_signature_and_refuses_a_forged_one() -> None:
    """The lines of docs/webhooks.md, run as they stand there."""
    shown = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    lines = shown[shown.index("    import base64, hashlib, hmac") :].partition("\n\nAnswer with")[0]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(lines), names)  # noqa: S102  # what is shown has to work
    secret, body, now = endpoint_secrets.new_secret(), b'{"type": "x"}', 1_511_658_000
    signatures = endpoint_secrets.signature([endpoint_secrets.new_secret(), secret], "msg-1", now, body)
    headers = {"webhook-id": "msg-1", "webhook-timestamp": str(now), "webhook-signature": signatures}
    assert names["is_genuine"](secret, headers, body)
    assert not names["is_genuine"](secret, headers, body + b" ")
    assert not names["is_genuine"](secret, {**headers, "webhook-id": "msg-2"}, body)


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "A" * 200, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"],
)
def test_a_malformed_secret_is_refused(text: str) -> None:
    assert not endpoint_secrets.is_secret(text)


def test_a_secret_opens_for_its_own_endpoint_under_its_own_key_only() -> None:
    endpoint, secret = uuid.uuid4(), endpoint_secrets.new_secret()
    assert endpoint_secrets.is_secret(secret)
    sealed = endpoint_secrets.seal(KEY, endpoint, secret)
    assert endpoint_secrets.unseal(KEY, endpoint, sealed) == secret
    assert secret.encode() not in sealed
    for key, other, bytes_ in (
        (secrets.token_bytes(32), endpoint, sealed),
        (KEY, uuid.uuid4(), sealed),
        (KEY, endpoint, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(SecretUnreadable):
            endpoint_secrets.unseal(key, other, bytes_)


@pytest.mark.parametrize(
    "setting", [{"endpoint_key": "short"}, {"endpoint_key": "!"}, {"smtp_url": "http://mail"}, {"smtp_url": "smtp://"}]
)
def test_a_wrong_setting_ends_the_process_at_start(setting: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        settings("none", "", **setting)


def test_an_empty_setting_is_one_that_is_not_set() -> None:
    found = settings("none", "", endpoint_key="", smtp_url="")
    assert (found.endpoint_key_bytes(), found.smtp_url) == (None, None)
    assert settings("none", "", endpoint_key=base64.b64encode(KEY).decode()).endpoint_key_bytes() == KEY
