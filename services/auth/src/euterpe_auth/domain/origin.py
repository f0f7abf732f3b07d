"""Where a request comes from, as far as that is kept."""

import ipaddress
from dataclasses import dataclass

_USER_AGENT_MAX = 256


@dataclass(frozen=True, slots=True)
class Origin:
    """A network address and what the client says it is; both are shown to the account's owner."""

    address: str
    user_agent: str

    @classmethod
    def of(cls, address: str, user_agent: str) -> "Origin":
        """Cuts and cleans what a client may write as it likes: PostgreSQL takes no NUL, and a list no line breaks."""
        clean = "".join(character for character in user_agent if character.isprintable())
        return cls(address, clean[:_USER_AGENT_MAX])

    @property
    def network(self) -> str:
        """What attempts are counted under: the address, or for IPv6 its /64, for that is what one subscriber has."""
        try:
            parsed = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        if parsed.version == 6 and parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        return str(getattr(parsed, "ipv4_mapped", None) or parsed)
