"""A cluster that lets nobody in who is not known, and lets those in do only what they need (TLS, SASL, ACLs)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiokafka.errors import TopicAuthorizationFailedError
from pydantic import ValidationError

from console.services import SERVICES
from shared import kafka_access
from shared.db import close_database, open_database
from shared.delivery import kafka, kafka_acls
from shared.delivery.consumer import each
from shared.delivery.event_log import read_log
from shared.events import DOCKING, TOPICS, TRAINING, JobOrderClosed
from shared.kafka_access import RENEW_SECONDS, IssuedTokens, WrongAccess
from shared.kafka_settings import KafkaSettings
from shared.settings import Settings
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support import delivery
from tests.support.certificates import Authority
from tests.support.delivery import caught_up, consuming, counting, emptied, relaying, tallied, tally
from tests.support.secured_kafka import PASSWORD, Issuer, SecuredKafka, allow, issuer, secured_kafka

A = UUID(int=0xA)
WAYS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "certificate")
SECRETS = {service: f"secret of {service}" for service in (*SERVICES, "auditor")}
Access = dict[str, Any]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("secured"), tuple(SECRETS)) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tokens(cluster: SecuredKafka) -> AsyncIterator[Issuer]:
    async with issuer(cluster.signing_key, SECRETS) as one:
        yield one


@pytest.fixture
def access(cluster: SecuredKafka, tokens: Issuer) -> Callable[[str, str], Access]:
    """access(service, way): the settings with which the service proves itself so."""

    def of(service: str, way: str) -> Access:
        authority = {"kafka_ssl_cafile": cluster.authority.file}
        if way == "certificate":
            certificate, key = cluster.authority.issue(service, password="of the key")
            own = {"kafka_ssl_certfile": certificate, "kafka_ssl_keyfile": key, "kafka_ssl_key_password": "of the key"}
            return {"kafka_bootstrap_servers": cluster.mutual, "kafka_security_protocol": "SSL", **authority, **own}
        sasl = {"kafka_bootstrap_servers": cluster.sasl, "kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": way, **authority}
        if way == "OAUTHBEARER":
            who = {"kafka_oauth_client_id": service, "kafka_oauth_client_secret": SECRETS[service]}
            return {**sasl, "kafka_oauth_token_url": tokens.url, **who}
        return {**sasl, "kafka_sasl_username": service, "kafka_sasl_password": PASSWORD}

    return of


@pytest.fixture
def configured(topic_prefix: str) -> Callable[[Access], Settings]:
    def of(how: Access) -> Settings:
        return delivery.settings("replaced", topic_prefix, **how)

    return of


@pytest_asyncio.fixture(loop_scope="session")
async def administrator(cluster: SecuredKafka, topic_prefix: str) -> KafkaSettings:
    """Topics and rights are there, as an administrator makes them once."""
    settings = KafkaSettings(kafka_bootstrap_servers=cluster.node.bootstrap, topic_prefix=topic_prefix, topic_partitions=3)
    await kafka.create_topics(settings)
    for service, consumed in {"docking": (), "rights": (DOCKING,)}.items():
        acls = kafka_acls.service_acls(settings, service, consumed)
        await allow(settings, kafka_acls.commands(settings, f"User:{service}", acls))
    assert await kafka_acls.allow(settings, "User:auditor", kafka_acls.reader_acls(settings)) == 2 * len(TOPICS)
    return settings


# --- those who are known ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("administrator")
async def test_services_with_the_least_rights_publish_consume_and_are_audited(
    way: str,
    access: Callable[[str, str], Access],
    configured: Callable[[Access], Settings],
    make_database: MakeDatabase,
    make_database_url: MakeDatabaseUrl,
) -> None:
    docking, rights, auditor = (configured(access(who, way)) for who in ("docking", "rights", "auditor"))
    await kafka.create_topics(docking)  # as at a service's start: all of them are there, and looked at
    url, reader = await make_database_url("docking"), await counting(await make_database("rights"))
    writer = await open_database("docking", url, size=4)
    try:
        published = await delivery.publish(writer, *(delivery.an_event(A, n) for n in range(3)))
        async with relaying(docking, writer, url):
            await emptied(writer)
    finally:
        await close_database(writer)
    async with consuming(rights, reader, each({JobOrderClosed: tally}), service="rights") as running:
        await caught_up(running)
    assert await tallied(reader) == [(str(A), n) for n in range(3)]
    assert len([entry async for entry in read_log(auditor, (DOCKING,))]) == len(published)


@pytest.mark.usefixtures("administrator")
async def test_one_token_serves_every_connection_until_it_is_about_to_expire(
    cluster: SecuredKafka, access: Callable[[str, str], Access], configured: Callable[[Access], Settings]
) -> None:
    for seconds, asked in ((300, 1), (int(RENEW_SECONDS), 3)):
        async with issuer(cluster.signing_key, SECRETS, seconds=seconds) as one:
            how = access("docking", "OAUTHBEARER") | {"kafka_oauth_token_url": one.url}
            tokens = IssuedTokens(configured(how))
            assert len([await tokens.token() for _ in range(3)]) == 3
            assert one.issued == asked


@pytest.mark.usefixtures("administrator")
async def test_the_last_token_is_used_while_the_issuer_is_away_until_it_is_about_to_expire(
    cluster: SecuredKafka, access: Callable[[str, str], Access], configured: Callable[[Access], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_access, "USED_SECONDS", 0.0)
    for seconds, used in ((300, nullcontext()), (int(RENEW_SECONDS), pytest.raises(WrongAccess, match="does not answer"))):
        async with issuer(cluster.signing_key, SECRETS, seconds=seconds) as one:
            tokens = IssuedTokens(configured(access("docking", "OAUTHBEARER") | {"kafka_oauth_token_url": one.url}))
            last = await tokens.token()
        with used:
            assert await tokens.token() == last


@pytest.mark.usefixtures("administrator")
async def test_all_clients_of_a_process_share_one_token(
    cluster: SecuredKafka, access: Callable[[str, str], Access], configured: Callable[[Access], Settings]
) -> None:
    async with issuer(cluster.signing_key, SECRETS) as one:
        who = access("docking", "OAUTHBEARER") | {"kafka_oauth_token_url": one.url}
        docking = configured(who)
        for _ in range(2):
            async with kafka.administering(docking, kafka.REQUEST_MS) as admin:
                await admin.list_topics()
        await kafka.stop_producer(await kafka.open_producer(docking), 2)
        assert one.issued == 1
        auditor = configured(who | {"kafka_oauth_client_id": "auditor", "kafka_oauth_client_secret": SECRETS["auditor"]})
        async with kafka.administering(auditor, kafka.REQUEST_MS):
            assert one.issued == 2, "another one asks for another"


# --- those who are not ------------------------------------------------------------------------------------------------
async def refusal(settings: Settings, caplog: pytest.LogCaptureFixture) -> str:
    """What an operator reads when the service does not start."""
    with pytest.raises(kafka.Unavailable) as refused:
        await kafka.create_topics(settings)
    return f"{refused.value}\n{caplog.text}"


@pytest.mark.parametrize("way", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_wrong_password_is_refused_and_said(
    way: str, access: Callable[[str, str], Access], configured: Callable[[Access], Settings], caplog: pytest.LogCaptureFixture
) -> None:
    shown = await refusal(configured(access("docking", way) | {"kafka_sasl_password": "guessed"}), caplog)
    assert "Authentication failed" in shown
    assert "guessed" not in shown


async def test_an_issuer_that_refuses_or_is_away_is_named(
    access: Callable[[str, str], Access], configured: Callable[[Access], Settings], caplog: pytest.LogCaptureFixture
) -> None:
    how = access("docking", "OAUTHBEARER")
    shown = await refusal(configured(how | {"kafka_oauth_client_secret": "guessed"}), caplog)
    assert "KAFKA_OAUTH_TOKEN_URL answers 401" in shown
    assert "guessed" not in shown
    assert "KAFKA_OAUTH_TOKEN_URL does not answer" in await refusal(
        configured(how | {"kafka_oauth_token_url": "http://127.0.0.1:1/"}), caplog
    )


async def test_a_broker_signed_by_another_authority_is_not_trusted(
    access: Callable[[str, str], Access], configured: Callable[[Access], Settings], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "other").file
    assert "CERTIFICATE_VERIFY_FAILED" in await refusal(configured(access("docking", "PLAIN") | {"kafka_ssl_cafile": other}), caplog)


async def test_a_broker_whose_certificate_names_another_host_is_not_trusted(
    cluster: SecuredKafka,
    access: Callable[[str, str], Access],
    configured: Callable[[Access], Settings],
    caplog: pytest.LogCaptureFixture,
) -> None:
    by_name = {"kafka_bootstrap_servers": cluster.sasl.replace("127.0.0.1", "localhost")}
    assert "Hostname mismatch" in await refusal(configured(access("docking", "PLAIN") | by_name), caplog)


async def test_nobody_is_let_in_without_a_certificate_or_by_plain_text(
    cluster: SecuredKafka,
    access: Callable[[str, str], Access],
    configured: Callable[[Access], Settings],
    caplog: pytest.LogCaptureFixture,
) -> None:
    own = ("kafka_ssl_certfile", "kafka_ssl_keyfile", "kafka_ssl_key_password")
    nameless = {name: value for name, value in access("docking", "certificate").items() if name not in own}
    for how in (nameless, {"kafka_bootstrap_servers": cluster.sasl}):
        assert "topics could not be created" in await refusal(configured(how), caplog)


@pytest.mark.usefixtures("administrator")
async def test_a_service_may_not_write_the_topics_of_another(
    access: Callable[[str, str], Access], configured: Callable[[Access], Settings]
) -> None:
    rights = configured(access("rights", "PLAIN"))
    producer = await kafka.open_producer(rights)
    try:
        for topic in (DOCKING, TRAINING):
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(kafka.topic_name(rights, topic), b"forged", partition=0)
    finally:
        await kafka.stop_producer(producer, 5)


async def test_a_service_may_not_read_what_it_does_not_consume(
    administrator: KafkaSettings, access: Callable[[str, str], Access], configured: Callable[[Access], Settings]
) -> None:
    docking = configured(access("docking", "PLAIN"))
    await delivery.write(administrator.kafka_bootstrap_servers, docking, delivery.numbered(A, 0), topic=TRAINING)
    with pytest.raises(kafka.Unavailable, match="AuthorizationFailed"):
        _ = [entry async for entry in read_log(docking, (TRAINING,))]


# --- settings ---------------------------------------------------------------------------------------------------------
SASL = {"kafka_security_protocol": "SASL_SSL"}
PASSWORDS = {"kafka_sasl_username": "docking", "kafka_sasl_password": "secret"}
REFUSED: list[tuple[str, Access]] = [
    ("kafka_sasl_mechanism", SASL),
    ("kafka_sasl_mechanism", {"kafka_sasl_mechanism": "PLAIN"}),
    ("kafka_sasl_mechanism", SASL | {"kafka_sasl_mechanism": "GSSAPI"}),
    ("kafka_sasl_mechanism", {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_sasl_mechanism": "PLAIN", **PASSWORDS}),
    ("kafka_sasl_username", SASL | {"kafka_sasl_mechanism": "PLAIN", "kafka_sasl_password": "secret"}),
    ("kafka_sasl_password", SASL | {"kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_sasl_username": "docking"}),
    ("kafka_sasl_password", {"kafka_sasl_password": "secret"}),
    ("kafka_oauth_token_url", SASL | {"kafka_sasl_mechanism": "OAUTHBEARER"}),
    ("kafka_oauth_token_url", SASL | {"kafka_sasl_mechanism": "OAUTHBEARER", "kafka_oauth_token_url": "http://issuer.example/token"}),
    ("kafka_oauth_client_secret", PASSWORDS | SASL | {"kafka_sasl_mechanism": "PLAIN", "kafka_oauth_client_secret": "secret"}),
    ("kafka_ssl_cafile", {"kafka_ssl_cafile": __file__}),
    ("kafka_ssl_cafile", {"kafka_security_protocol": "SSL", "kafka_ssl_cafile": "/nowhere.pem"}),
    ("kafka_ssl_keyfile", {"kafka_security_protocol": "SSL", "kafka_ssl_certfile": __file__}),
    ("kafka_ssl_keyfile", {"kafka_security_protocol": "SSL", "kafka_ssl_keyfile": __file__}),
]


@pytest.mark.parametrize(("field", "given"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_settings_that_protect_less_than_they_seem_to_are_refused_by_name(field: str, given: Access) -> None:
    with pytest.raises(ValidationError) as refused:
        KafkaSettings(kafka_bootstrap_servers="kafka.example:9093", **given)
    assert field in {error["loc"][0] for error in refused.value.errors()}
    assert "'secret'" not in str(refused.value)


def test_a_variable_passed_on_without_a_value_is_not_set() -> None:
    assert KafkaSettings(kafka_bootstrap_servers="kafka:9092", kafka_sasl_mechanism="", kafka_ssl_cafile="", kafka_oauth_scope="")


@pytest.mark.parametrize("field", ["kafka_ssl_cafile", "kafka_ssl_certfile"])
async def test_a_file_that_holds_no_certificate_is_named(
    field: str, access: Callable[[str, str], Access], configured: Callable[[Access], Settings], caplog: pytest.LogCaptureFixture
) -> None:
    shown = await refusal(configured(access("docking", "certificate") | {field: Path(__file__)}), caplog)
    assert field.upper() in shown


async def test_an_encrypted_key_without_its_password_is_refused_and_asks_nobody(
    access: Callable[[str, str], Access], configured: Callable[[Access], Settings], caplog: pytest.LogCaptureFixture
) -> None:
    shown = await refusal(configured(access("docking", "certificate") | {"kafka_ssl_key_password": None}), caplog)
    assert "KAFKA_SSL_KEYFILE" in shown
