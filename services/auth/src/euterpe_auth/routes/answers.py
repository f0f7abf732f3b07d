"""Conversion of sessions, API keys and security events into their JSON form."""

import uuid
from typing import Any, Final

from pydantic import BaseModel, Field

from euterpe_auth.routes.schemas import ApiKeyAnswer, ProviderLinkAnswer, SecurityEventAnswer, SessionAnswer, UserAnswer

#: Response header: how many API keys a change of the password has revoked.
REVOKED_KEYS: Final = "Euterpe-Revoked-Api-Keys"
REVOKED_KEYS_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    204: {"headers": {REVOKED_KEYS: {"description": "Number of revoked API keys.", "schema": {"type": "integer"}}}}
}
_SESSION_FIELDS: Final = tuple(name for name in SessionAnswer.model_fields if name != "current")


class AccountExport(BaseModel):
    """All data of an account in auth, without secrets."""

    account: UserAnswer
    email: str | None = Field(default=None, examples=["clara@example.com"])
    providers: list[ProviderLinkAnswer]
    sessions: list[SessionAnswer]
    api_keys: list[ApiKeyAnswer]
    security_events: list[SecurityEventAnswer]


def session_answer(session: object, current_id: uuid.UUID | None) -> SessionAnswer:
    """Convert a session; `current_id` is that of the request."""
    values = {name: getattr(session, name) for name in _SESSION_FIELDS}
    return SessionAnswer(**values, current=values["id"] == current_id)


def provider_link_answer(link: object) -> ProviderLinkAnswer:
    """Convert a link with a provider."""
    return ProviderLinkAnswer.model_validate(link, from_attributes=True)


def api_key_answer(key: object) -> ApiKeyAnswer:
    """Convert an API key."""
    return ApiKeyAnswer.model_validate(key, from_attributes=True)


def security_event_answer(event: object) -> SecurityEventAnswer:
    """Convert an entry of the audit log."""
    return SecurityEventAnswer.model_validate(event, from_attributes=True)
