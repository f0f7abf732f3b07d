"""Mails: their kinds, and when they are repeated or dropped."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

Language = Literal["en", "es"]

_FIRST_PAUSE: Final = timedelta(seconds=15)
_MAX_PAUSE: Final = timedelta(minutes=30)


class MailKind(StrEnum):
    """Kinds of mails, which decide the text."""

    #: The link that verifies an address.
    EMAIL_VERIFICATION = "email_verification"
    #: A request to recover a password, for a name or an address that may not exist; with an account, its link.
    PASSWORD_RECOVERY = "password_recovery"  # noqa: S105 - the name of a kind
    #: A change of the account.
    NOTICE = "notice"
    #: Unread notifications, in words of the library.
    DIGEST = "digest"


class Notice(StrEnum):
    """Changes of an account that its owner gets a mail about."""

    EMAIL_CHANGED = "email_changed"
    EMAIL_REMOVED = "email_removed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a notice
    PASSWORD_RECOVERED = "password_recovered"  # noqa: S105 - the name of a notice
    RECOVERY_CODES_CREATED = "recovery_codes_created"
    SECOND_FACTOR_ENABLED = "second_factor_enabled"
    SECOND_FACTOR_DISABLED = "second_factor_disabled"
    #: By an operator.
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PROVIDER_LINKED = "provider_linked"
    PROVIDER_UNLINKED = "provider_unlinked"


#: How long a mail is of use; after that, it is deleted without being sent.
LIFETIMES: Final = {
    MailKind.EMAIL_VERIFICATION: timedelta(hours=24),
    MailKind.PASSWORD_RECOVERY: timedelta(hours=1),
    MailKind.NOTICE: timedelta(days=3),
    MailKind.DIGEST: timedelta(days=3),
}


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail to be sent. `content` are the values that its text needs."""

    id: uuid.UUID
    kind: MailKind
    content: Mapping[str, str]
    expires_at: datetime
    attempts: int = 0


def pause_before_repetition(attempts: int) -> timedelta:
    """Return the delay after a number of failed attempts: 15 s, 30 s and so on, up to half an hour."""
    doublings = min(attempts - 1, 16)
    return min(_FIRST_PAUSE * (1 << doublings), _MAX_PAUSE)
