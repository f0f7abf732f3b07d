"""Settings of one machine, read from the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from euterpe_stack.access import Access
from euterpe_stack.errors import StackError
from euterpe_stack.postgres import SHARED_BUFFERS

DEFAULT_PORT = 8080
REPOSITORY = Path(__file__).resolve().parents[4]
_SERVICE_SETTING = re.compile("EUTERPE_(AUTH|LIBRARY|GENERATOR|CONVERTER)_")


@dataclass(frozen=True, slots=True)
class StackSettings:
    """`EUTERPE_PORT`, `EUTERPE_DATA`, `EUTERPE_MODELS`, those of access from other machines, and those below.

    `EUTERPE_POSTGRES_SHARED_BUFFERS` is the memory of PostgreSQL's own cache. Settings of services are named
    `EUTERPE_<SERVICE>_<SETTING>`.
    """

    #: The gateway's port.
    port: int
    #: The directory of all persistent data.
    data: Path
    #: The directory of the model bundles, `<name>/<version>/`.
    models: Path
    #: Settings of services by their full names.
    service_settings: Mapping[str, str] = field(default_factory=dict)
    #: How the gateway is reached.
    access: Access = field(default_factory=Access)
    #: PostgreSQL's setting of the same name.
    shared_buffers: str = SHARED_BUFFERS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "StackSettings":
        """Read the settings. Raises StackError for an invalid port, or a data path that is a file."""
        data = Path(environment.get("EUTERPE_DATA") or REPOSITORY / "var").expanduser().absolute()
        if data.exists() and not data.is_dir():
            raise StackError(f"EUTERPE_DATA is {data}, which is a file; set it to a directory.")
        models = Path(environment.get("EUTERPE_MODELS") or REPOSITORY / "models").expanduser().absolute()
        service_settings = {name: value for name, value in environment.items() if _SERVICE_SETTING.match(name)}
        access = Access.from_environment(environment)
        buffers = _shared_buffers(environment.get("EUTERPE_POSTGRES_SHARED_BUFFERS", ""))
        return cls(_port(environment.get("EUTERPE_PORT", "")), data, models, service_settings, access, buffers)

    @property
    def url(self) -> str:
        """The URL of the product."""
        return f"{self.access.scheme}://{self.access.hosts[0]}:{self.port}"

    @property
    def mail_folder(self) -> Path | None:
        """The directory into which mails are written; None if a mail server is set."""
        if self.service_settings.get("EUTERPE_AUTH_SMTP_HOST"):
            return None
        return Path(self.service_settings.get("EUTERPE_AUTH_MAIL_FOLDER") or self.data / "mail")


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise StackError(f"EUTERPE_PORT is {text!r}, but must be a number from 1 to 65535.")
    return int(text)


def _shared_buffers(text: str) -> str:
    if not text:
        return SHARED_BUFFERS
    if not re.fullmatch(r"[1-9][0-9]{0,5}(MB|GB)", text):
        raise StackError(f"EUTERPE_POSTGRES_SHARED_BUFFERS is {text!r}, but must be a size such as 24MB or 1GB.")
    return text


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return `extra` with paths and locale of this process's environment, and without any other variable."""
    passed = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in passed if name in os.environ} | dict(extra)
