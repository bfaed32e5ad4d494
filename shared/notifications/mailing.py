"""Letters: a notification as plain text to an office's mailbox. Its subject is the template's title, which holds no value; its Message-ID
is the same at every attempt, so that a mailbox can tell a repeat.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from shared.notifications.messages import message
from shared.notifications.webhooks import Outcome
from shared.settings import Settings
from shared.texts import texts

TIMEOUT, LONGEST = 10.0, 40.0  # seconds for a step of the conversation, and for all of it
_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """How the settings name it. With a password the connection is encrypted, or nothing is sent."""

    host: str
    port: int
    options: dict[str, Any]

    @classmethod
    def from_settings(cls, settings: Settings) -> MailServer | None:
        """None: no mail is sent."""
        if settings.smtp_url is None:
            return None
        parts = urlsplit(settings.smtp_url.get_secret_value())
        options: dict[str, Any] = {"use_tls": parts.scheme == "smtps"}
        if parts.username:
            options |= {"username": unquote(parts.username), "password": unquote(parts.password or "")}
            options |= {} if options["use_tls"] else {"start_tls": True}
        return cls(parts.hostname or "", parts.port or _PORTS[parts.scheme], options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`message_id`: without brackets and domain."""

    to: str
    language: str
    title: str
    text: str
    message_id: str


def of_notification(to: str, language: str, *, event_id: UUID, endpoint: UUID, words: tuple[str, str], link: str) -> Letter:
    """`words`: title and text. `link`: to the console's inbox, empty where none is known."""
    t = texts(language)
    title, text = words
    parts = [text, t("Open it in the console: {link}", link=link) if link else "", t(WHY)]
    return Letter(to=to, language=language, title=title, text="\n\n".join(filter(None, parts)), message_id=f"{event_id}.{endpoint}")


def of_confirmation(to: str, language: str, *, endpoint: UUID, code: str) -> Letter:
    t = texts(language)
    return Letter(to=to, language=language, title=t("Confirm this address"), text=t(CONFIRM, code=code), message_id=f"confirm.{endpoint}")


WHY = "You hear this because your office has entered this address in Laowu. Whoever manages it there can switch it off."
CONFIRM = (
    "Somebody wants Laowu to send notices of an office to this address. If that is you, enter this code there: {code}. "
    "If not, do nothing: nothing more is sent."
)


def in_words(kind: str, fields: dict[str, Any], count: int, language: str) -> tuple[str, str]:
    """Title and text."""
    found = message(kind, fields, count, language)
    return found.title, found.text


def composed(letter: Letter, sender: str, now: datetime) -> EmailMessage:
    """The message as it is sent. Raises ValueError for an address that is none, or a header with a line break."""
    found = EmailMessage(policy=SMTP)
    found["From"] = Address(addr_spec=sender)
    found["To"] = Address(addr_spec=letter.to)
    found["Subject"] = letter.title
    found["Date"] = now
    found["Message-ID"] = f"<{letter.message_id}@{sender.rpartition('@')[2]}>"
    found["Content-Language"] = letter.language
    found["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's machine answers it
    found.set_content(letter.text, cte="base64")
    return found


async def send(server: MailServer, letter: Letter, sender: str, now: datetime) -> Outcome:
    """One attempt. A mailbox that does not exist (5xx) is not tried again."""
    try:
        made = composed(letter, sender, now)
        async with asyncio.timeout(LONGEST):
            await aiosmtplib.send(made, hostname=server.host, port=server.port, timeout=TIMEOUT, **server.options)
    except aiosmtplib.SMTPRecipientsRefused as error:
        code = error.recipients[0].code
        return Outcome(delivered=False, status=code, error="mailbox_refused", final=code >= 500)
    except aiosmtplib.SMTPResponseException as error:
        return Outcome(delivered=False, status=error.code, error="mail_refused")
    except (aiosmtplib.SMTPTimeoutError, TimeoutError):
        return Outcome(delivered=False, error="timeout")
    except (aiosmtplib.SMTPException, OSError):
        return Outcome(delivered=False, error="not_connected")
    except ValueError:
        return Outcome(delivered=False, error="mailbox_malformed", final=True)
    return Outcome(delivered=True)
