"""Serializers for schemathesis; SCHEMATHESIS_HOOKS names this module."""

from typing import Any

import schemathesis


@schemathesis.serializer("audio/midi")
def midi(_: Any, value: Any) -> bytes:
    """Send a file without conversion."""
    return value if isinstance(value, bytes) else str(value).encode()
