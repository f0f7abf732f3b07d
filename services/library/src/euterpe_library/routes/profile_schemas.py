"""Users as responses of the HTTP API."""

from typing import Any
from urllib.parse import quote

_EXAMPLE = "/api/v1/library/profiles/0199d3c1-0b6a-7d5e-a1b2-7c3f00aa9e01/picture?v=9f86d081884c"
#: Keyword arguments of a field with the address of a picture.
PICTURE_FIELD: Any = {
    "description": "Null without a picture; pages draw one from the name.",
    "examples": [_EXAMPLE],
}


def picture_url(user_id: str, picture_key: str | None) -> str | None:
    """Return the address of a user's picture, which changes with it; None without a picture."""
    if picture_key is None:
        return None
    version = picture_key.rpartition("/")[2].partition(".")[0][:12]
    return f"/api/v1/library/profiles/{quote(user_id, safe='')}/picture?v={version}"
