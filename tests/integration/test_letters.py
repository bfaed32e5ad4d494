"""Letters to a real mail server: only to mailboxes that confirmed, once per notification, with nothing in the subject but a title."""

from __future__ import annotations

import asyncio
import re
import smtplib
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from pydantic import SecretStr

from console.commands.mail import read
from console.local import mail_sink
from shared.notifications.endpoints import MOST_A_DAY
from shared.principals import Role
from shared.values import EnterpriseId, new_id
from tests.conftest import ROOT, MakeDatabase
from tests.http.test_notifications import drawn, inbox, publish, shortfall
from tests.support.http import Client, serving
from tests.support.receivers import Days, a_sender, send_all, states

ENTERPRISE = EnterpriseId(UUID(int=41))
OFFICE = "bangongshi@weihai.example"


@dataclass(slots=True)
class Office:
    """An enterprise's client, and the folder where its letters arrive."""

    client: Client
    folder: Path

    def letters(self) -> list[EmailMessage]:
        return [read(path) for path in mail_sink.letters(self.folder)]

    async def mailbox(self, **changes: Any) -> str:
        answer = await self.client.post("/endpoints", {"kind": "mail", "address": OFFICE, "language": "en", **changes})
        assert answer.status == 201, answer.body
        assert answer.body["state"] == "unconfirmed"
        return str(answer.body["endpoint"])

    async def confirmed(self, **changes: Any) -> str:
        """A mailbox that hears; its letter of confirmation is thrown away."""
        endpoint = await self.mailbox(**changes)
        async with a_sender(self.client) as sender:
            await send_all(sender)
        answer = await self.client.post(f"/endpoints/{endpoint}/confirmation", {"code": code_in(self.letters()[-1])})
        assert answer.body["state"] == "enabled", answer.body
        for path in mail_sink.letters(self.folder):
            path.unlink()
        return endpoint

    async def send(self, days: Days | None = None) -> int:
        async with a_sender(self.client, days) as sender:
            return await send_all(sender)


def code_in(letter: EmailMessage) -> str:
    found = re.search(r"\b[A-Z2-9]{10}\b", letter.get_content())
    assert found, letter.get_content()
    return found[0]


@pytest_asyncio.fixture(loop_scope="session")
async def office(make_database: MakeDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    async with mail_sink.keeping(tmp_path / "mail") as port:
        settings = {"smtp_url": f"smtp://127.0.0.1:{port}", "console_url": "https://laowu.example/", "mail_from": "laowu@laowu.example"}
        async with serving("docking", await make_database("docking"), **settings) as service:
            yield Office(service.speaking_as(Role.ENTERPRISE, party=ENTERPRISE), tmp_path / "mail")


async def test_a_letter_says_what_is_due_and_where_to_act_in_plain_text(office: Office) -> None:
    endpoint = await office.confirmed()
    await publish(office.client, drawn(ENTERPRISE))
    assert await office.send() == 1
    (letter,) = office.letters()
    assert (letter["To"], letter["From"], letter["Subject"]) == (OFFICE, "laowu@laowu.example", "The reserve was drawn")
    text = letter.get_content()
    assert "Top it up by October 18, 2018" in text
    assert "https://laowu.example/inbox" in text
    assert letter.get_content_type() == "text/plain"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert await states(office.client, endpoint) == [("delivered", 1, None, None), ("delivered", 1, None, None)]


@pytest.mark.parametrize(("language", "subject"), [("zh", "备用金已动用"), ("ja", "準備金が使われました")])
async def test_a_subject_beyond_ascii_arrives_whole(office: Office, language: str, subject: str) -> None:
    await office.confirmed(language=language)
    await publish(office.client, drawn(ENTERPRISE))
    await office.send()
    (path,) = mail_sink.letters(office.folder)
    assert read(path)["Subject"] == subject
    assert path.read_bytes().isascii(), "on the wire it is encoded"


async def test_a_letter_that_is_sent_again_has_the_same_message_id(office: Office) -> None:
    endpoint = await office.confirmed()
    await publish(office.client, drawn(ENTERPRISE))
    await office.send()
    newest = (await office.client.get(f"/endpoints/{endpoint}/deliveries")).body["items"][0]
    assert (await office.client.post(f"/endpoints/{endpoint}/deliveries/{newest['id']}/redelivery")).status == 200
    await office.send()
    first, second = office.letters()
    assert first["Message-ID"] == second["Message-ID"] == f"<{newest['event_id']}.{endpoint}@laowu.example>"


async def test_a_mailbox_hears_nothing_until_whoever_reads_it_confirms(office: Office) -> None:
    endpoint = await office.mailbox()
    await publish(office.client, drawn(ENTERPRISE))
    assert await office.send() == 1
    (letter,) = office.letters()
    assert letter["Subject"] == "Confirm this address"
    path = f"/endpoints/{endpoint}/confirmation"
    assert (await office.client.post(path, {"code": "A" * 10})).code == "WRONG_CODE"
    assert (await office.client.post(f"/endpoints/{endpoint}/enable")).code == "ENDPOINT_ILLEGAL_STEP"
    assert (await office.client.post(f"/endpoints/{endpoint}/disable")).status == 200
    assert (await office.client.post(f"/endpoints/{endpoint}/enable")).code == "ENDPOINT_ILLEGAL_STEP", "by no way round"
    assert (await office.client.post(path, {"code": code_in(letter)})).code == "ENDPOINT_ILLEGAL_STEP"
    assert await office.send() == 0


async def test_the_letter_to_a_stranger_is_not_sent_again_by_hand(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = await office.mailbox()
    (letter,) = (await office.client.get(f"/endpoints/{endpoint}/deliveries")).body["items"]
    path = f"/endpoints/{endpoint}/deliveries/{letter['id']}/redelivery"
    assert (await office.client.post(path)).code == "CONFIRMATION_SENT_ONCE", "it waits"
    assert await office.send() == 1
    assert (await office.client.post(path)).code == "CONFIRMATION_SENT_ONCE", "it is delivered"

    async def refuse(*_: Any) -> str:
        return "550 no such mailbox"

    monkeypatch.setattr(mail_sink.Keeper, "handle_RCPT", refuse, raising=False)
    endpoint = await office.mailbox()
    assert await office.send() == 1
    assert (await states(office.client, endpoint))[0][0] == "dead"
    assert (await office.client.post(f"/endpoints/{endpoint}/redelivery")).body == {"redelivered": 0, "left": 0}
    assert await office.send() == 0


async def test_an_owner_has_forty_letters_sent_to_strangers_in_a_day_whatever_it_does_with_its_mailboxes(office: Office) -> None:
    for _ in range(MOST_A_DAY):
        endpoint = await office.mailbox()
        assert (await office.client.post(f"/endpoints/{endpoint}/disable")).status == 200
    answer = await office.client.post("/endpoints", {"kind": "mail", "address": OFFICE})
    assert answer.code == "TOO_MANY_ENDPOINTS"


async def test_the_code_of_a_mailbox_is_in_its_letter_alone(office: Office) -> None:
    endpoint = await office.mailbox()
    await office.send()
    code = code_in(office.letters()[0])
    shown = [(await office.client.get(f"/endpoints{path}")).body for path in ("", f"/{endpoint}", f"/{endpoint}/deliveries")]
    assert code not in str(shown)
    assert (await office.client.get(f"/endpoints/{endpoint}/secret")).code == "ENDPOINT_NOT_FOUND"
    other = office.client.speaking_as(Role.ENTERPRISE, party=new_id())
    assert (await other.post(f"/endpoints/{endpoint}/confirmation", {"code": code})).code == "ENDPOINT_NOT_FOUND"


async def test_a_subject_names_nobody_and_no_county_whatever_is_reported(office: Office) -> None:
    await office.confirmed()
    await publish(office.client, shortfall(ENTERPRISE))
    await office.send()
    (letter,) = office.letters()
    assert letter["Subject"] == "Wages were paid short"


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "no address",
        "two@example.org,three@example.org",
        "x@example.org\r\nBcc: all@example.org",
        "x@example.org\nSubject:y",
        "<x@example.org>",
        '"x y"@example.org',
        "x@[127.0.0.1]",
        "王@example.org",
        "x" * 70 + "@example.org",
    ],
)
async def test_what_is_no_mailbox_or_would_be_a_header_is_refused(office: Office, address: str) -> None:
    answer = await office.client.post("/endpoints", {"kind": "mail", "address": address})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "address")


async def test_letters_wait_while_the_mail_server_is_away(office: Office) -> None:
    endpoint = await office.confirmed()
    settings = office.client.service.settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:1")})
    away = replace(office.client.service, settings=settings)
    await publish(office.client, drawn(ENTERPRISE))
    async with a_sender(replace(office.client, service=away)) as sender:
        await send_all(sender)
    assert (await states(office.client, endpoint))[0] == ("waiting", 1, None, "not_connected")
    days = Days()
    days.wait(seconds=10)
    assert await office.send(days) == 1
    assert len(office.letters()) == 1


async def test_a_password_is_never_sent_over_an_open_line(office: Office) -> None:
    await office.mailbox()
    settings = office.client.service.settings
    assert settings.smtp_url is not None
    with_password = SecretStr(settings.smtp_url.get_secret_value().replace("//", "//user:secret@"))
    service = replace(office.client.service, settings=settings.model_copy(update={"smtp_url": with_password}))
    async with a_sender(replace(office.client, service=service)) as sender:
        await send_all(sender)
    assert office.letters() == []


async def test_a_mailbox_that_does_not_exist_is_given_up_at_once_and_reported(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any) -> str:
        return "550 no such mailbox"

    endpoint = await office.confirmed()
    monkeypatch.setattr(mail_sink.Keeper, "handle_RCPT", refuse, raising=False)
    await publish(office.client, drawn(ENTERPRISE))
    await office.send()
    assert (await states(office.client, endpoint))[0] == ("dead", 1, 550, "mailbox_refused")
    assert (await inbox(office.client, language="en"))[0]["title"] == "Messages could not be delivered"


async def test_the_local_mail_server_keeps_the_newest_letters_and_takes_none_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_sink, "MOST_LETTERS", 3)

    def send(port: int, *texts: str) -> None:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            for text in texts:
                smtp.sendmail("a@example.org", [OFFICE], f"Subject: {text[:20]}\r\nTo: {OFFICE}\r\n\r\n{text}")

    async with mail_sink.keeping(tmp_path) as port:
        await asyncio.to_thread(send, port, *map(str, range(5)))
        assert [read(path)["Subject"] for path in mail_sink.letters(tmp_path)] == ["2", "3", "4"]
        with pytest.raises(smtplib.SMTPException):
            await asyncio.to_thread(send, port, "x" * (mail_sink.MOST_BYTES + 1))
    assert len(mail_sink.letters(tmp_path)) == 3


def test_laowu_mail_lists_the_letters_and_shows_one_without_control_characters(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    for number, subject in enumerate(("first", "[red]second[/]\x1b[31m")):
        text = f"To: {OFFICE}\nSubject: {subject}\nDate: Thu, 26 Nov 2026 10:00:00 +0000\n\nbody {number} \x1b]0;title\x07\n"
        (folder / f"{number:020d}-000000.eml").write_text(text)

    def laowu(*arguments: str) -> str:
        environment = {"LAOWU_HOME": str(tmp_path), "PATH": "", "COLUMNS": "120"}
        command = [sys.executable, "-m", "console", "mail", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    listed = laowu()
    assert listed.index("[red]second[/]") < listed.index("first")
    assert "\x1b" not in listed + laowu("1")
    assert "body 1" in laowu("1")
    assert "body 0" in laowu("2", "--to", OFFICE)
    assert laowu("--to", "nobody@example.org") == "no letters yet\n"
