"""What users show of themselves."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from euterpe_library.domain.social import Author, Description
from euterpe_library.domain.titles import without_controls

MAX_DISPLAY_NAME_LENGTH = 50
#: Below the limit of request bodies of the gateways, 1 MiB.
MAX_PICTURE_BYTES = 1_000_000
MAX_PICTURE_PIXELS = 16_000_000
#: Width and height of the stored picture.
PICTURE_SIZE = 256
PICTURE_CONTENT_TYPE = "image/webp"
#: Formats that can be uploaded, by content type, with the names that Pillow has for them.
PICTURE_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
#: Zero-width joiners: parts of words and of emoji.
_JOINERS = "\u200c\u200d"


def _displayable(value: str) -> str:
    """Normalise a name, and refuse characters that are invisible or change the text around the name."""
    name = unicodedata.normalize("NFC", " ".join(value.split()))
    if any(unicodedata.category(each) in ("Cf", "Co", "Cs") and each not in _JOINERS for each in name):
        raise PydanticCustomError("invisible_character", "Invisible and formatting characters are not allowed")
    if not any(unicodedata.category(each)[0] in "LN" for each in name):
        raise PydanticCustomError("blank", "Must have at least one letter or digit")
    return name


DisplayName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DISPLAY_NAME_LENGTH),
    AfterValidator(without_controls),
    AfterValidator(_displayable),
]
Bio = Description


@dataclass(frozen=True, slots=True)
class Profile:
    """A user's profile. `name` is the account's name; `display_name` is shown instead if there is one."""

    user_id: str
    name: str
    display_name: str | None = None
    bio: str = ""
    picture_key: str | None = None

    @property
    def is_filled_in(self) -> bool:
        """Whether the user has written or uploaded anything."""
        return bool(self.display_name or self.bio or self.picture_key)


@dataclass(frozen=True, slots=True)
class PublicProfile:
    """An author with their profile, as a reader sees them."""

    author: Author
    profile: Profile
    following: int
    #: By the reader.
    blocked: bool


@dataclass(frozen=True, slots=True)
class Follower:
    """A user who follows another."""

    id: str
    name: str
    username: str
    picture_key: str | None


@dataclass(frozen=True, slots=True)
class Follows:
    """Users in a list, and whether there are more."""

    users: Sequence[Follower]
    more: bool


def picture_prefix(user_id: str) -> str:
    """Return the prefix of the keys of a user's pictures."""
    return f"pictures/{user_id}/"
