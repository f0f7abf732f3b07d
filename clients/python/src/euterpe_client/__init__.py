"""Euterpe's HTTP API from Python."""

from euterpe_client.client import Euterpe
from euterpe_client.transport import ApiError, Event

__all__ = ["ApiError", "Euterpe", "Event"]
