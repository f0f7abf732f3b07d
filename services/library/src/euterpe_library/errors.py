"""Errors of the library."""

import uuid
from datetime import datetime

from euterpe_service_kit.errors import (
    Conflict,
    FieldProblem,
    Forbidden,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)

from euterpe_library.domain.quota import Storage


class SongNotFound(NotFound):
    """The song does not exist, was deleted, or may not be read: the answer is the same."""

    slug = "song-not-found"

    def __init__(self) -> None:
        super().__init__("There is no song with this id that you may read.")


class ShareNotFound(NotFound):
    """The link does not exist, has expired, or was revoked: the answer is the same."""

    slug = "share-not-found"

    def __init__(self) -> None:
        super().__init__("This share link does not exist, has expired, or was revoked.")


class DownloadNotAllowed(Forbidden):
    """The share link allows listening only."""

    slug = "download-not-allowed"

    def __init__(self) -> None:
        super().__init__("This share link allows listening to the song, but not downloading it.")


class CommentNotFound(NotFound):
    """The comment does not exist, or its song may not be read."""

    slug = "comment-not-found"

    def __init__(self) -> None:
        super().__init__("There is no comment with this id that you may read.")


class CommentsClosed(Forbidden):
    """The song's owner has closed its comments."""

    slug = "comments-closed"

    def __init__(self) -> None:
        super().__init__("The owner of this song has closed comments.")


class CommentNotEditable(Conflict):
    """The comment is too old to be edited, or a moderator has hidden it."""

    slug = "comment-not-editable"

    def __init__(self) -> None:
        super().__init__("A comment can be edited within 15 minutes. Delete it and write a new one.")


class Banned(Forbidden):
    """A moderator has banned the user."""

    slug = "banned"

    def __init__(self, reason: str, until: datetime | None) -> None:
        end = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "permanently"
        because = f" Reason: {reason}" if reason else ""
        super().__init__(f"A moderator has banned you {end}. Your own library is not affected.{because}")


class Blocked(Forbidden):
    """The other user has blocked the caller."""

    slug = "blocked"

    def __init__(self) -> None:
        super().__init__("This user does not accept likes, comments or follows from you.")


class CannotBlockYourself(Conflict):
    """The caller tried to block themselves."""

    slug = "cannot-block-yourself"

    def __init__(self) -> None:
        super().__init__("You cannot block yourself.")


class NotAModerator(Forbidden):
    """Only moderators may do this."""

    slug = "not-a-moderator"

    def __init__(self) -> None:
        super().__init__("Only moderators may do this.")


class NotificationNotFound(NotFound):
    """The notification does not exist, or is another user's: the answer is the same."""

    slug = "notification-not-found"

    def __init__(self) -> None:
        super().__init__("You have no notification with this id.")


class UserNotFound(NotFound):
    """No user with this id has taken part in the community."""

    slug = "user-not-found"

    def __init__(self) -> None:
        super().__init__("There is no user with this id.")


class PictureNotFound(NotFound):
    """The user has no picture."""

    slug = "picture-not-found"

    def __init__(self) -> None:
        super().__init__("This user has no picture.")


class WebhookNotFound(NotFound):
    """The webhook does not exist, or is another user's: the answer is the same."""

    slug = "webhook-not-found"

    def __init__(self) -> None:
        super().__init__("You have no webhook with this id.")


class DeliveryNotFound(NotFound):
    """The webhook has no such delivery."""

    slug = "delivery-not-found"

    def __init__(self) -> None:
        super().__init__("The webhook has no delivery with this id.")


class WebhookAddressRefused(Unprocessable):
    """Events cannot be sent to the address of a webhook."""

    slug = "webhook-address-refused"

    def __init__(self, reason: str) -> None:
        problem = FieldProblem("body.url", f"The address {reason}" if reason.startswith(("must", "has")) else reason)
        super().__init__(f"body.url: {problem.message}", fields=[problem])


class TooManyNotificationStreams(TooManyRequests):
    """The user follows their notifications on too many connections."""

    slug = "too-many-streams"

    def __init__(self, limit: int) -> None:
        super().__init__(f"At most {limit} connections of a user may follow notifications.", retry_after_seconds=5)


class NotYours(Forbidden):
    """The caller may read it, but only its owner may do this."""

    slug = "not-yours"

    def __init__(self, what: str) -> None:
        super().__init__(f"Only the owner may do this with a {what}.")


class PlaylistNotFound(NotFound):
    """The playlist does not exist, or may not be read."""

    slug = "playlist-not-found"

    def __init__(self) -> None:
        super().__init__("There is no playlist with this id that you may read.")


class AuthorNotFound(NotFound):
    """The author does not exist, or has no public song."""

    slug = "author-not-found"

    def __init__(self) -> None:
        super().__init__("There is no author with this id and a public song.")


class TooMany(Conflict):
    """A limit per user is reached."""

    slug = "limit-reached"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"The limit of {limit} {what} is reached. Remove one first.")


class StorageFull(Forbidden):
    """The user's library has no room for another song."""

    slug = "storage-full"

    def __init__(self, limit: Storage, *, is_guest: bool) -> None:
        remedy = "Delete songs permanently" + (", or register for more room." if is_guest else ".")
        super().__init__(f"Your library is full: at most {_described(limit)}, including the trash. {remedy}")


class NetworkQuotaReached(TooManyRequests):
    """The network has imported as much as it may in one day."""

    slug = "network-quota-reached"

    def __init__(self, limit: Storage, *, retry_after_seconds: int) -> None:
        detail = f"At most {_described(limit)} a day can be imported from your network. Import the file tomorrow."
        super().__init__(detail, retry_after_seconds=retry_after_seconds)


def _described(storage: Storage) -> str:
    return f"{storage.songs} songs and {storage.size_bytes} bytes"


class NotComposed(Conflict):
    """The song was imported, so it has no settings to generate it again with."""

    slug = "not-composed"

    def __init__(self) -> None:
        super().__init__("This song was imported, so it has no settings to generate it again with.")


class UserDeleted(PreconditionFailed):
    """The account for which a peer registers a song was deleted."""

    slug = "listener-deleted"

    def __init__(self) -> None:
        super().__init__("The account was deleted, so no song can be registered for it.")


class ArtifactCollected(Unavailable):
    """The object had no song and was removed; the peer stores it again and retries."""

    slug = "artifact-collected"

    def __init__(self) -> None:
        super().__init__("The stored object was removed as unused. Store it again, then retry.")


class IdempotencyKeyReused(Unprocessable):
    """The idempotency key was used for another file."""

    slug = "idempotency-key-reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another file. Use a new key.")


class ImportDeleted(Conflict):
    """The song that an upload with this idempotency key created is in the trash."""

    slug = "import-deleted"

    def __init__(self, song_id: uuid.UUID) -> None:
        super().__init__(
            f"The song that this Idempotency-Key created ({song_id}) was deleted. Restore it, or use a new key."
        )


class NoOriginal(NotFound):
    """The song was not imported, so there is no uploaded file."""

    slug = "no-original"

    def __init__(self) -> None:
        super().__init__("This song has no uploaded file: it was composed, or imported by an earlier release.")


class VersionNotFound(NotFound):
    """The version does not exist, or only the song's owner may read it."""

    slug = "version-not-found"

    def __init__(self) -> None:
        super().__init__("There is no version with this number that you may read.")


class TooManyVersions(Conflict):
    """The song has as many versions as it may have."""

    slug = "too-many-versions"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A song has at most {limit} versions, which is reached. Save the notes as a new song.")
