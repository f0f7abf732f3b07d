"""Sending of mail: through an SMTP server, or into a folder on a machine without one.

A sender delivers one mail or raises. Who must not lose a mail stores it first and repeats the delivery; the
`message_id` stays the same, so that mail programs recognise a repetition.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Final, Literal, Protocol

import aiosmtplib

#: How the connection to the SMTP server is encrypted: at once, after STARTTLS, or not at all.
Security = Literal["tls", "starttls", "none"]

_TIMEOUT_SECONDS: Final = 30.0


class MailUnavailable(Exception):
    """The mail cannot be delivered now; repeat the delivery later."""


class MailRefused(Exception):
    """The mail server refuses the recipient or the mail permanently; a repetition is useless."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in plain text. `message_id` is unique per mail and the same at each repetition."""

    recipient: str
    subject: str
    text: str
    message_id: str
    #: Further headers, such as List-Unsubscribe.
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Address and credentials of a mail server; without a username, the client does not log in."""

    host: str
    port: int
    security: Security = "starttls"
    username: str | None = None
    password: str | None = None


class MailSender(Protocol):
    """Delivers mails."""

    async def send(self, mail: Mail) -> None:
        """Deliver one mail. Raises MailUnavailable or MailRefused."""
        ...


class SmtpSender:
    """Delivers through an SMTP server, with one connection per mail."""

    def __init__(self, server: SmtpServer, sender: str) -> None:
        self._server = server
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Deliver one mail. Raises MailUnavailable or MailRefused."""
        server = self._server
        # Every server accepts these encodings; for bytes, the client does not choose one.
        encoding = "7bit" if mail.text.isascii() else "quoted-printable"
        try:
            await aiosmtplib.send(
                _bytes_of(message_of(mail, self._sender, encoding=encoding)),
                sender=parseaddr(self._sender)[1],
                recipients=[mail.recipient],
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                tls_context=None if server.security == "none" else ssl.create_default_context(),
                timeout=_TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(_is_permanent(refused.code) for refused in error.recipients):
                raise MailRefused(_reason(error)) from error
            raise MailUnavailable(_reason(error)) from error
        except aiosmtplib.SMTPDataError as error:
            raise (MailRefused if _is_permanent(error.code) else MailUnavailable)(_reason(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            # A refused login or sender is a mistake in the settings, which the operator can correct.
            raise MailUnavailable(_reason(error)) from error


class FolderSender:
    """Writes each mail as a file `<time>-<recipient>.eml`, which mail programs can open."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write one mail. Raises MailUnavailable."""
        # Not quoted-printable, so that links can be copied from the file.
        content = _bytes_of(message_of(mail, self._sender, encoding="8bit"))
        recipient = "".join(each if each.isalnum() or each in "@.-_" else "_" for each in mail.recipient)
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{recipient[:100]}.eml"
        try:
            await asyncio.to_thread(_write, self._folder / name, content)
        except OSError as error:
            raise MailUnavailable(f"{self._folder} cannot be written: {error.strerror}") from error


def message_of(mail: Mail, sender: str, *, encoding: str) -> EmailMessage:
    """Return the message in the form of RFC 5322. `sender` is an address, with or without a name.

    `encoding` is the Content-Transfer-Encoding.
    """
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{mail.message_id}@{address.rpartition('@')[2]}>"
    # No answers of machines, such as absence notes (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text, cte=encoding)
    return message


def _bytes_of(message: EmailMessage) -> bytes:
    # A long address in List-Unsubscribe would be folded as encoded words, which mail programs do not read there. Lines
    # may have 998 bytes (RFC 5322).
    return message.as_bytes(policy=SMTP.clone(max_line_length=998))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Readers of the folder see complete files only.
    unfinished = path.with_suffix(".part")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _is_permanent(code: int) -> bool:
    return 500 <= code < 600


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
