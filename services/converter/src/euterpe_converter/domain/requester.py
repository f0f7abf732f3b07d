"""Who requests audio."""

from dataclasses import dataclass
from enum import StrEnum


class UserClass(StrEnum):
    """Class of users, each with its own limits."""

    REGISTERED = "registered"
    GUEST = "guest"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Requester:
    """A user or guest (`id` None: anonymous), the token of a share link, if given, and the client's network."""

    id: str | None = None
    share_token: str = ""
    is_guest: bool = False
    network: str = ""

    @property
    def user_class(self) -> UserClass:
        """The class whose limits apply."""
        if self.id is None:
            return UserClass.ANONYMOUS
        return UserClass.GUEST if self.is_guest else UserClass.REGISTERED

    @property
    def principal(self) -> str:
        """The account, or the network of an anonymous user: what limits per principal count by."""
        return f"network:{self.network}" if self.id is None else f"user:{self.id}"

    @property
    def group(self) -> str:
        """What the renderers are shared between: registered users one by one, all others by network."""
        return self.principal if self.user_class is UserClass.REGISTERED else f"network:{self.network}"
