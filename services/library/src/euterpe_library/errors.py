"""The library's own errors."""

from euterpe_service_kit.errors import Conflict, Forbidden, NotFound, PreconditionFailed, Unavailable, Unprocessable


class SongNotFound(NotFound):
    """There is no such song, it was deleted, or one may not read it: the answer is the same."""

    slug = "song-not-found"

    def __init__(self) -> None:
        super().__init__("There is no song with this id that you may see.")


class ShareNotFound(NotFound):
    """There is no such link, it has expired, or it was revoked: the answer is the same."""

    slug = "share-not-found"

    def __init__(self) -> None:
        super().__init__("This link does not exist, has expired, or was revoked.")


class DownloadNotAllowed(Forbidden):
    """A share link that lets one listen only."""

    slug = "download-not-allowed"

    def __init__(self) -> None:
        super().__init__("This link lets you listen to the song, not download it.")


class CommentNotFound(NotFound):
    """There is no such comment, or one may not read its song."""

    slug = "comment-not-found"

    def __init__(self) -> None:
        super().__init__("There is no comment with this id that you may see.")


class CommentsClosed(Forbidden):
    """The song's owner takes no comments."""

    slug = "comments-closed"

    def __init__(self) -> None:
        super().__init__("The owner of this song has closed its comments.")


class NotYours(Forbidden):
    """It can be seen, and only its owner may do this with it."""

    slug = "not-yours"

    def __init__(self, what: str) -> None:
        super().__init__(f"Only its owner may do this with a {what}.")


class PlaylistNotFound(NotFound):
    """There is no such playlist, or one may not read it."""

    slug = "playlist-not-found"

    def __init__(self) -> None:
        super().__init__("There is no playlist with this id that you may see.")


class AuthorNotFound(NotFound):
    """There is no such author, or nothing of theirs is public."""

    slug = "author-not-found"

    def __init__(self) -> None:
        super().__init__("There is no author with this id who has published a song.")


class TooMany(Conflict):
    """A limit on how much one may keep is reached."""

    slug = "limit-reached"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"There may be at most {limit} {what}; remove one first.")


class NotComposed(Conflict):
    """The song was imported, so there are no settings to compose it again with."""

    slug = "not-composed"

    def __init__(self) -> None:
        super().__init__("This song was imported and not composed here, so there are no settings to use again.")


class ListenerDeleted(PreconditionFailed):
    """The account for which a peer wants to register a piece is gone."""

    slug = "listener-deleted"

    def __init__(self) -> None:
        super().__init__("The listener's account was deleted; nothing can be kept for it.")


class ArtifactCollected(Unavailable):
    """The object had no song any more and was removed; the peer stores it again and tries again."""

    slug = "artifact-collected"

    def __init__(self) -> None:
        super().__init__("The stored object was removed as unused. Store it again, then register it.")


class IdempotencyKeyReused(Unprocessable):
    """The key came before, with another file."""

    slug = "idempotency-key-reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another file before.")
