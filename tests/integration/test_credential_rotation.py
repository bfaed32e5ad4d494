"""Keys and secrets are replaced while processes run: the files that hold them are read again."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from shared.kafka_access import IssuedTokens, OwnCertificate, tls_context
from shared.kafka_settings import KafkaSettings
from shared.principals import Principal, Role
from shared.reread_file import LOOK_SECONDS, RereadFile, secret_text
from shared.web.auth import ISSUER, KeyFile, Verifier, issue, new_key, public_keys
from shared.web.claims import Unauthenticated
from tests.support.certificates import Authority
from tests.support.openid import CLIENT, openid_issuer

CLERK = Principal("county-622427", Role.CLERK, ("622427",))


def later(seconds: float = LOOK_SECONDS) -> Callable[[], float]:
    at = time.monotonic() + seconds
    return lambda: at


def write_keys(file: Path, *keys: OKPKey) -> None:
    file.write_text(json.dumps(public_keys(keys)))


async def test_a_new_key_of_tokens_is_believed_and_a_withdrawn_one_is_not_without_a_restart(tmp_path: Path) -> None:
    file, old, new = tmp_path / "jwks.json", new_key(), new_key()
    write_keys(file, old)
    verifier = Verifier.load(file)
    before, after = issue(old, CLERK), issue(new, CLERK)
    assert await verifier.principal(before) == CLERK
    with pytest.raises(Unauthenticated):
        await verifier.principal(after)
    keys = verifier.issuers[ISSUER].keys
    assert isinstance(keys, KeyFile)
    for seconds, content, refused in ((1, (old, new), None), (2, (new,), before)):
        write_keys(file, *content)
        keys.file.now = later(seconds * LOOK_SECONDS)
        assert await verifier.principal(after) == CLERK
        if refused is not None:
            with pytest.raises(Unauthenticated):
                await verifier.principal(refused)


def test_a_file_that_is_half_written_or_gone_leaves_what_was_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "secret"
    file.write_text("first\n")
    secret = RereadFile(file, secret_text)
    breakages: list[Callable[[], object]] = [lambda: file.write_text(""), lambda: file.write_text(" "), file.unlink]
    for step, break_it in enumerate(breakages, start=1):
        break_it()
        for part in (0.0, 0.3):
            secret.now = later((2 * step + part) * LOOK_SECONDS)
            assert secret.value == "first"
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3, "each state is named once"
    file.write_text("second\n")
    secret.now = later(10 * LOOK_SECONDS)
    assert secret.value == "second"
    assert "second" not in caplog.text
    file.write_text("")
    with pytest.raises(ValueError, match="empty"):
        RereadFile(file, secret_text)


async def test_the_next_connection_to_kafka_shows_the_certificate_that_is_in_the_files_by_then(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server_certificate, server_key = authority.issue("broker")
    broker = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    broker.load_cert_chain(server_certificate, server_key)
    broker.verify_mode = ssl.CERT_REQUIRED
    shown: list[str] = []

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown.append(writer.get_extra_info("peercert")["serialNumber"])
        writer.close()

    certificate, key = authority.issue("docking")
    context = tls_context(
        KafkaSettings.model_validate(
            {
                "kafka_bootstrap_servers": "127.0.0.1:1",
                "kafka_security_protocol": "SSL",
                "kafka_ssl_cafile": authority.file,
                "kafka_ssl_certfile": certificate,
                "kafka_ssl_keyfile": key,
            }
        )
    )
    assert isinstance(context, OwnCertificate)
    files = context.files
    assert files is not None
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=broker)
    async with server:

        async def connect() -> str:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1], ssl=context)
            await reader.read()
            writer.close()
            return shown[-1]

        first, old_key = await connect(), key.read_bytes()
        authority.issue("docking")
        fitting, key_of_it = certificate.read_bytes(), key.read_bytes()
        key.write_bytes(old_key)  # the certificate is replaced, its key not yet
        files.now = later(1 * LOOK_SECONDS)
        assert await connect() == first
        key.write_bytes(key_of_it)
        files.now = later(2 * LOOK_SECONDS)
        assert await connect() != first
        assert certificate.read_bytes() == fitting


async def test_the_secret_for_tokens_of_kafka_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("first secret")
    async with openid_issuer() as issuer:
        issuer.secret = "first secret"
        settings = KafkaSettings.model_validate(kafka_of(issuer.url + "/token", file))
        tokens = IssuedTokens(settings)
        assert await tokens.token()
        issuer.secret = "second secret"
        file.write_text("second secret")
        assert tokens._secret is not None
        tokens._secret.now, tokens._renew_at = later(), 0.0
        assert await tokens.token()


def kafka_of(url: str, file: Path) -> dict[str, Any]:
    return {
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_sasl_mechanism": "OAUTHBEARER",
        "kafka_oauth_token_url": url,
        "kafka_oauth_client_id": CLIENT,
        "kafka_oauth_client_secret_file": file,
    }
