"""A Kafka node as companies run it: TLS, mutual TLS, every SASL mechanism, an authorizer, and an issuer of OAuth tokens beside it.

Administrators reach it by `node.bootstrap`, which is plain and open: only a test is there.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import shlex
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from console.local import kafka as kafka_local
from console.local import processes
from console.local.kafka import Kafka
from shared.delivery import kafka_acls
from shared.delivery.kafka_acls import Acl
from shared.kafka_settings import KafkaSettings
from tests.support.certificates import Authority

PASSWORD = "p@ss word;1"  # everybody's
AUDIENCE = "kafka"
ISSUER = "test-issuer"
LOGIN = "org.apache.kafka.common.security"
CONFIGURATION = """
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},SASL://127.0.0.1:{sasl},MUTUAL://127.0.0.1:{mutual}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{sasl},MUTUAL://127.0.0.1:{mutual}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_SSL,MUTUAL:SSL
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.mutual.ssl.client.auth=required
listener.name.mutual.ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config={login}.plain.PlainLoginModule required {users};
listener.name.sasl.scram-sha-256.sasl.jaas.config={login}.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config={login}.oauthbearer.OAuthBearerLoginModule required;
listener.name.sasl.oauthbearer.sasl.server.callback.handler.class={login}.oauthbearer.OAuthBearerValidatorCallbackHandler
listener.name.sasl.oauthbearer.sasl.oauthbearer.jwks.endpoint.url={jwks}
listener.name.sasl.oauthbearer.sasl.oauthbearer.expected.audience=kafka
listener.name.sasl.oauthbearer.sasl.oauthbearer.expected.issuer=test-issuer
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuredKafka:
    """Addresses and credentials."""

    node: Kafka
    sasl: str  # host:port of the SASL_SSL listener
    mutual: str  # host:port of the listener that asks for a certificate
    authority: Authority
    signing_key: RSAKey


@contextmanager
def secured_kafka(folder: Path, users: tuple[str, ...]) -> Iterator[SecuredKafka]:
    """A ready node that knows these users under every mechanism."""
    folder.mkdir(parents=True, exist_ok=True)
    authority, key = Authority(folder), RSAKey.generate_key(2048, {"kid": "issuer-1", "use": "sig", "alg": "RS256"})
    certificate, certificate_key = authority.issue("broker")
    keystore, jwks = folder / "broker.pem", folder / "jwks.json"
    keystore.write_bytes(certificate_key.read_bytes() + certificate.read_bytes())
    jwks.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    port, controller, sasl, mutual = processes.free_ports(4)
    more = CONFIGURATION.format(
        port=port,
        controller=controller,
        sasl=sasl,
        mutual=mutual,
        keystore=keystore,
        truststore=authority.file,
        login=LOGIN,
        users=" ".join(f'user_{user}="{PASSWORD}"' for user in users),
        jwks=jwks.as_uri(),
    )
    scram = [
        option
        for user in users
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        for option in ("--add-scram", f'{mechanism}=[name="{user}",password="{PASSWORD}"]')
    ]
    java = kafka_local.find_java()
    node = kafka_local.prepare(
        folder / "kafka", port, controller, java=java, jars=kafka_local.fetch_jars(), more=more, format_options=scram
    )
    allowed = {"JAVA_TOOL_OPTIONS": f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={jwks.as_uri()}"}
    spec = kafka_local.spec(node)
    spec = dataclasses.replace(spec, environment={**spec.environment, **allowed})
    process = processes.spawn(spec)
    try:
        kafka_local.wait_ready(node, process)
        yield SecuredKafka(node=node, sasl=f"127.0.0.1:{sasl}", mutual=f"127.0.0.1:{mutual}", authority=authority, signing_key=key)
    finally:
        processes.stop(process, spec)


# --- the authorizer ---------------------------------------------------------------------------------------------------
async def allow(settings: KafkaSettings, lines: Iterable[str]) -> None:
    """Does what these kafka-acls.sh commands would."""
    for line in lines:
        words = shlex.split(line)
        principal = words[words.index("--allow-principal") + 1]
        resource: Any = next(name for name in ("topic", "group") if f"--{name}" in words)
        operations: Any = tuple(value for word, value in pairwise(words) if word == "--operation")
        await kafka_acls.allow(settings, principal, [Acl(resource, words[words.index(f"--{resource}") + 1], operations)])


# --- the issuer -------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Issuer:
    """Answers the client credentials grant; counts what it issued."""

    url: str
    secrets: Mapping[str, str]
    key: RSAKey
    seconds: int = 300
    issued: int = 0

    async def token(self, request: web.Request) -> web.Response:
        name, _, secret = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        form = await request.post()
        if self.secrets.get(name) != secret or form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "invalid_client"}, status=401)
        self.issued += 1
        now = int(time.time())
        claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": name, "iat": now, "exp": now + self.seconds}
        token = jwt.encode({"alg": "RS256", "kid": "issuer-1"}, claims, self.key)
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": self.seconds})


@asynccontextmanager
async def issuer(key: RSAKey, secrets: Mapping[str, str], *, seconds: int = 300) -> AsyncIterator[Issuer]:
    """On a free port of loopback."""
    one = Issuer(url="", secrets=secrets, key=key, seconds=seconds)
    app = web.Application()
    app.router.add_post("/token", one.token)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        one.url = f"http://{host}:{port}/token"
        yield one
    finally:
        await runner.cleanup()
