"""The library's own errors."""

from euterpe_service_kit.errors import NotFound


class SongNotFound(NotFound):
    """There is no such song, it was deleted, or it is somebody else's: the answer is the same."""

    slug = "song-not-found"

    def __init__(self) -> None:
        super().__init__("There is no song with this id in your library.")
