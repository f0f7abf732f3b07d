"""Mails through a real SMTP server, and into a folder."""

from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from euterpe_service_kit.mail import FolderSender, Mail, MailRefused, MailUnavailable, SmtpSender, SmtpServer
from euterpe_stack.ports import free_port
from euterpe_test_kit.mail_server import MailServer, text_of

SENDER = "Euterpe <no-reply@music.example>"
MAIL = Mail("clara@example.com", "Tu contraseña", "Elige una nueva: ñ, é.\n", "0199abc")


def _sender(server: MailServer) -> SmtpSender:
    return SmtpSender(SmtpServer("127.0.0.1", server.port, "none"), SENDER)


async def test_a_mail_arrives_as_it_was_written(mail_server: MailServer) -> None:
    await _sender(mail_server).send(MAIL)
    (received,) = mail_server.mails
    assert (received["From"], received["To"], received["Subject"]) == (SENDER, MAIL.recipient, MAIL.subject)
    assert received["Message-ID"] == "<0199abc@music.example>"
    assert received["Auto-Submitted"] == "auto-generated"
    assert text_of(received) == MAIL.text


@pytest.mark.parametrize(
    ("reply", "error"), [("451 try again", MailUnavailable), ("554 this looks like spam", MailRefused)]
)
async def test_replies_of_the_server_decide_whether_a_repetition_is_of_use(
    mail_server: MailServer, reply: str, error: type[Exception]
) -> None:
    mail_server.replies.append(reply)
    with pytest.raises(error, match=reply[4:]):
        await _sender(mail_server).send(MAIL)


async def test_an_unreachable_server_and_one_without_encryption_are_unavailable(mail_server: MailServer) -> None:
    with pytest.raises(MailUnavailable):
        await SmtpSender(SmtpServer("127.0.0.1", free_port(), "none"), SENDER).send(MAIL)
    with pytest.raises(MailUnavailable, match="STARTTLS"):
        await SmtpSender(SmtpServer("127.0.0.1", mail_server.port, "starttls"), SENDER).send(MAIL)
    assert mail_server.mails == []


async def test_a_recipient_cannot_add_headers(mail_server: MailServer) -> None:
    with pytest.raises(ValueError, match=r"CR|LF|invalid"):
        await _sender(mail_server).send(Mail("a@b.example\r\nBcc: c@d.example", "x", "y", "1"))


async def test_a_folder_gets_one_file_per_mail(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    link = "https://music.example/recover#token=" + "x" * 80
    await FolderSender(folder, SENDER).send(replace(MAIL, text=f"{MAIL.text}\n{link}\n"))
    (file,) = folder.iterdir()
    assert file.name.endswith("-clara@example.com.eml")
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["Subject"] == MAIL.subject
    # It can be copied from the file.
    assert f"\r\n{link}\r\n".encode() in file.read_bytes()
