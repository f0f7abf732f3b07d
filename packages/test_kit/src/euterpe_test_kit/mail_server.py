"""A real SMTP server on loopback that keeps the mails it accepts."""

import re
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from euterpe_stack.ports import free_port


class MailServer:
    """Accepts mails until it is stopped. Each of `replies` is given to one mail instead."""

    def __init__(self, port: int | None = None) -> None:
        self.mails: list[EmailMessage] = []
        #: The same mails as they were received.
        self.raw: list[bytes] = []
        self.replies: list[str] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=port or free_port())

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store a mail, or refuse it."""
        if self.replies:
            return self.replies.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        assert message["To"] == ", ".join(envelope.rcpt_tos)
        self.raw.append(envelope.content)
        self.mails.append(message)
        return "250 OK"

    @property
    def port(self) -> int:
        """The port on loopback."""
        return int(self._controller.port)

    def start(self) -> None:
        """Start in a thread of its own."""
        self._controller.start()

    def stop(self) -> None:
        """Stop accepting connections."""
        self._controller.stop()

    def wait_for(self, recipient: str, *, count: int = 1, seconds: float = 60) -> EmailMessage:
        """Return the newest mail to a recipient as soon as there are `count`."""
        deadline = time.monotonic() + seconds
        while True:
            found = [mail for mail in self.mails if mail["To"] == recipient]
            if len(found) >= count:
                return found[-1]
            assert time.monotonic() < deadline, f"no mail to {recipient}: {[mail['To'] for mail in self.mails]}"
            time.sleep(0.05)


class MailFolder:
    """The mails that were written into a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def wait_for(self, recipient: str, *, count: int = 1, seconds: float = 60) -> EmailMessage:
        """Return the newest mail to a recipient as soon as there are `count`."""
        deadline = time.monotonic() + seconds
        while True:
            files = sorted(self._directory.glob(f"*-{recipient}.eml"))
            if len(files) >= count:
                return message_from_bytes(files[-1].read_bytes(), policy=policy.default)
            assert time.monotonic() < deadline, f"no mail to {recipient} in {self._directory}"
            time.sleep(0.05)


def text_of(mail: EmailMessage) -> str:
    """Return the text of a mail."""
    return str(mail.get_content()).replace("\r\n", "\n")


def link_in(mail: EmailMessage) -> str:
    """Return the link of a mail."""
    found = re.search(r"https?://\S+#token=\S+", text_of(mail))
    assert found, text_of(mail)
    return found.group()
