"""The master key in a Vault (or an OpenBao): its transit engine wraps the data keys of personal data, and never gives the key out.

It is trusted to keep the key, not to answer soon, briefly, or well. What it wraps is unwrapped again before anything is stored, and of
what it unwraps the worker's id must be a part: a broken or hostile one leads to a refusal, never to a key in clear or one that is lost.

    wrapped key = 0x02 | "vault:v3:...", which holds the data key (32) and the worker's id (16)
"""

from __future__ import annotations

import logging
import re
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from services.registration.personal_data.master_keys import KEY_BYTES, NONCE_BYTES, Kept, KeysUnavailable, OfWorker
from shared.values import WorkerId

logger = logging.getLogger("laowu.keys")

NAME = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}){0,5}$"  # of a mount or a key: it leads nowhere else
LARGEST_CIPHERTEXT = 1_000  # characters; one of a data key has about 120
LARGEST_ANSWER = 2 * 1024 * 1024  # bytes, of a batch
BATCH = 250  # an OpenBao refuses 500 at once as too complex
SLOW_SECONDS = 1.0  # nobody joins those who have waited so long: each of them holds a connection of the database
_TAG_BYTES = 16
_CIPHERTEXT = re.compile(r"vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]{1,1000}={0,2})", re.ASCII)

Operation = Literal["encrypt", "decrypt", "rewrap"]


class Token(Protocol):
    """Read anew where its file is another."""

    @property
    def value(self) -> str: ...


class _Result(BaseModel):
    ciphertext: str = Field(default="", max_length=LARGEST_CIPHERTEXT)
    plaintext: str = Field(default="", max_length=LARGEST_CIPHERTEXT)
    error: str = ""


class _Results(BaseModel):
    batch_results: list[_Result] = Field(max_length=BATCH)


class _Answer(BaseModel):
    data: _Results


@dataclass(slots=True, kw_only=True)
class TransitKeys:
    """`address`: https, or http on loopback. `mount`, `key`: of the engine. `seconds`: that an answer may take."""

    FORMAT: ClassVar[bytes] = b"\x02"

    address: str
    mount: str
    key: str
    token: Token
    cafile: Path | None = None
    seconds: float = 3.0
    now: Callable[[], float] = time.monotonic
    _ask_from: float = field(default=float("-inf"), init=False)  # no attempt earlier
    _failing: bool = field(default=False, init=False)
    _under_way: list[float] = field(default_factory=list, init=False)  # since when

    def __post_init__(self) -> None:
        if not re.match(NAME, self.mount) or not re.match(NAME, self.key):
            message = "mount and key of the transit engine are plain names"
            raise ValueError(message)

    async def wrap(self, keys: Sequence[OfWorker]) -> list[bytes]:
        plain = [key + worker.bytes for worker, key in keys]
        answered = await self._ask("encrypt", [{"plaintext": b64encode(one).decode()} for one in plain])
        wrapped = [self.FORMAT + self._enclosing(one.ciphertext, held).encode() for one, held in zip(answered, plain, strict=True)]
        opened = await self.unwrap([(worker, one) for (worker, _), one in zip(keys, wrapped, strict=True)])
        if opened != [key for _, key in keys]:
            raise self._broken("what it encrypts it does not decrypt")
        return wrapped

    async def unwrap(self, wrapped: Sequence[OfWorker]) -> list[bytes | None]:
        asked = [one for _, one in wrapped if _CIPHERTEXT.fullmatch(_text(one))]
        answered = iter(await self._ask("decrypt", [{"ciphertext": _text(one)} for one in asked]))
        return [_data_key(next(answered), worker) if _CIPHERTEXT.fullmatch(_text(one)) else None for worker, one in wrapped]

    async def rewrap(self, wrapped: Sequence[OfWorker]) -> list[bytes | Kept]:
        """Under the newest version of the key. Both are opened before the one takes the other's place."""
        opened = await self.unwrap(wrapped)
        readable = [(worker, one, key) for (worker, one), key in zip(wrapped, opened, strict=True) if key is not None]
        answered = await self._ask("rewrap", [{"ciphertext": _text(one)} for _, one, _ in readable])
        newer = [
            (worker, self.FORMAT + self._enclosing(result.ciphertext, key + worker.bytes).encode())
            for (worker, _, key), result in zip(readable, answered, strict=True)
        ]
        if await self.unwrap(newer) != [key for _, _, key in readable]:
            raise self._broken("what it wraps anew is not what it was")
        found = (Kept.CURRENT if _version(new) == _version(old) else new for (_, old, _), (_, new) in zip(readable, newer, strict=True))
        return [Kept.UNREADABLE if key is None else next(found) for key in opened]

    def _enclosing(self, text: str, plain: bytes) -> str:
        """The ciphertext, if it can be one of this. Raises KeysUnavailable: it is empty, too short, or shows what it should hide."""
        match = _CIPHERTEXT.fullmatch(text)
        body = (_decoded(match[2]) if match else None) or b""
        if len(body) < NONCE_BYTES + len(plain) + _TAG_BYTES or plain[:KEY_BYTES] in body:
            raise self._broken("what it encrypts is no ciphertext")
        return text

    # --- over the network -------------------------------------------------------------------------------------------
    async def _ask(self, operation: Operation, items: Sequence[dict[str, str]]) -> list[_Result]:
        """One result for each. Raises KeysUnavailable."""
        found: list[_Result] = []
        for start in range(0, len(items), BATCH):
            part = items[start : start + BATCH]
            self._require_turn()
            began = self.now()
            self._under_way.append(began)
            try:
                found += await self._exchange(operation, part)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                raise self._broken(f"{operation}: {_why(error)}") from None
            finally:
                self._under_way.remove(began)
            if self._failing:
                logger.warning("the provider of the master key answers again")
            self._failing = False
        return found

    def _require_turn(self) -> None:
        """While it is away one asks at a time, and the others are refused at once. Raises KeysUnavailable."""
        now = self.now()
        if (self._failing and now < self._ask_from) or any(now - began > SLOW_SECONDS for began in self._under_way):
            raise KeysUnavailable("the provider of the master key does not answer")
        self._ask_from = now + self.seconds + KeysUnavailable.retry_seconds

    def _broken(self, why: str) -> KeysUnavailable:
        if not self._failing:
            logger.error("the provider of the master key fails; whatever needs a key is refused until it answers: %s", why)
        self._failing, self._ask_from = True, self.now() + KeysUnavailable.retry_seconds / 2
        return KeysUnavailable("the provider of the master key does not answer as it should")

    async def _exchange(self, operation: Operation, items: Sequence[dict[str, str]]) -> list[_Result]:
        """Raises what _ask catches. No redirect is followed, and nothing is compressed, so that a small answer stays small."""
        url = f"{self.address.rstrip('/')}/v1/{self.mount}/{operation}/{self.key}"
        headers = {"X-Vault-Token": self.token.value, "Accept-Encoding": "identity"}
        async with self._session() as http, http.post(url, json={"batch_input": items}, headers=headers, allow_redirects=False) as answer:
            if answer.status not in (200, 400):  # 400: of a batch some could not be done
                message = f"answers {answer.status}"
                raise ValueError(message)
            body = await _bounded(answer)
        results = _Answer.model_validate_json(body).data.batch_results
        if len(results) != len(items):
            message = f"answers {len(results)} of {len(items)}"
            raise ValueError(message)
        return results

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiohttp.ClientSession]:
        connector = aiohttp.TCPConnector(ssl=_trusted(self.cafile))
        timeout = aiohttp.ClientTimeout(total=self.seconds)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as http:
            yield http


@cache
def _trusted(cafile: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=cafile)


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            message = f"answers more than {LARGEST_ANSWER} bytes"
            raise ValueError(message)
    return bytes(body)


def _why(error: Exception) -> str:
    """Without what was answered: it may be a key."""
    if isinstance(error, ValidationError):
        wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return f"answers {'.'.join(map(str, wrong['loc']))} {wrong['msg']}"
    return str(error) if type(error) is ValueError else type(error).__name__


def _text(wrapped: bytes) -> str:
    return wrapped[1:].decode("ascii", "replace")


def _version(wrapped: bytes) -> bytes:
    return wrapped.split(b":", 2)[1]


def _data_key(result: _Result, worker: WorkerId) -> bytes | None:
    """None: it does not open, or is another worker's."""
    plain = _decoded(result.plaintext) or b""
    key, whose = plain[:KEY_BYTES], plain[KEY_BYTES:]
    return key if not result.error and len(key) == KEY_BYTES and whose == worker.bytes else None


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:  # of a text beyond ASCII too
        return None
