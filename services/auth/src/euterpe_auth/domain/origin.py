"""The origin of a request, as far as it is stored."""

from dataclasses import dataclass

from euterpe_service_kit.networks import subscriber_of

_MAX_USER_AGENT_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Origin:
    """Network address and user agent; both are shown to the account's owner."""

    address: str
    user_agent: str

    @classmethod
    def of(cls, address: str, user_agent: str) -> "Origin":
        """Truncate and clean the user agent: PostgreSQL stores no NUL, and lists have no line breaks."""
        clean = "".join(character for character in user_agent if character.isprintable())
        return cls(address, clean[:_MAX_USER_AGENT_LENGTH])

    @property
    def network(self) -> str:
        """The network that attempts are counted by: the address, or for IPv6 the /64."""
        return subscriber_of(self.address)
