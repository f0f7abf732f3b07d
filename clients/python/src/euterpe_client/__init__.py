"""Python client of Euterpe's HTTP API."""

from euterpe_client.client import Euterpe
from euterpe_client.errors import ApiError, ConfigurationError, ConnectionFailed, EuterpeError, InvalidResponse
from euterpe_client.transport import ByteStream, Event

__all__ = [
    "ApiError",
    "ByteStream",
    "ConfigurationError",
    "ConnectionFailed",
    "Euterpe",
    "EuterpeError",
    "Event",
    "InvalidResponse",
]
