"""Events of the audit log."""

from enum import StrEnum


class SecurityEvent(StrEnum):
    """Kinds of events."""

    REGISTERED = "registered"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGGED_OUT = "logged_out"
    SESSION_REVOKED = "session_revoked"
    ALL_SESSIONS_REVOKED = "all_sessions_revoked"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - the name of an event
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - the name of an event
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"
    GUEST_CLAIMED = "guest_claimed"
    ACCOUNT_DELETED = "account_deleted"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    SIGNING_KEY_ROTATED = "signing_key_rotated"
    EMAIL_CHANGED = "email_changed"
    EMAIL_REMOVED = "email_removed"
    RECOVERY_REQUESTED = "recovery_requested"
    PASSWORD_RECOVERED = "password_recovered"  # noqa: S105 - the name of an event
    RECOVERY_CODES_CREATED = "recovery_codes_created"
    RECOVERY_CODE_USED = "recovery_code_used"
    SECOND_FACTOR_ENABLED = "second_factor_enabled"
    SECOND_FACTOR_DISABLED = "second_factor_disabled"
    #: By an operator.
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_REFUSED = "second_factor_refused"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PROVIDER_LINKED = "provider_linked"
    PROVIDER_UNLINKED = "provider_unlinked"
