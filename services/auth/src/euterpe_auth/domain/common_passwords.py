"""A list of common passwords."""

from functools import lru_cache
from importlib import resources

_FILE = "common-passwords.txt"


def is_common(password: str) -> bool:
    """Whether a password is among the 3,000 most common ones of sufficient length; case is ignored."""
    return password.casefold() in _common_passwords()


@lru_cache(maxsize=1)
def _common_passwords() -> frozenset[str]:
    lines = resources.files("euterpe_auth.domain").joinpath(_FILE).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
