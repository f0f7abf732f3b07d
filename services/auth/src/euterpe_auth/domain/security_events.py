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
