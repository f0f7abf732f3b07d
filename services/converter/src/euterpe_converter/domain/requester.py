"""Who requests a song."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requester:
    """A user or guest (`id` None: anonymous), and the token of a share link, if given."""

    id: str | None = None
    share_token: str = ""
