"""Who asks for a song."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listener:
    """An account or a guest (`id` None: anybody), and the token of a share link that they may hold."""

    id: str | None = None
    share_token: str = ""
