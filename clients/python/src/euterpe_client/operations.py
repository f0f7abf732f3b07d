"""All operations of the public API. Generated from the OpenAPI document by `make openapi`; do not edit."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, cast

from euterpe_client import models
from euterpe_client.transport import ByteStream, Event, Transport, quoted

__all__ = ["Operations"]


class Operations(Transport):
    """One method per operation. Each raises ApiError if the response is an error."""

    def register_user(self, body: models.Registration) -> models.UserAnswer:
        """Register.

        Makes an account; log in with `POST /api/v1/auth/token` next.

        With a guest's access token in the Authorization header, the guest becomes the account: its pieces are the
        account's, and its sessions end.
        """
        return cast(models.UserAnswer, self._json("POST", "/api/v1/auth/users", json=body))

    def read_me(self) -> models.UserAnswer:
        """Who am I.

        The account of the access token, be it a guest's.
        """
        return cast(models.UserAnswer, self._json("GET", "/api/v1/auth/me"))

    def change_password(self, body: models.PasswordChange) -> None:
        """Change the password.

        Stores another password. All other sessions end; API keys stay.
        """
        self._nothing("PUT", "/api/v1/auth/me/password", json=body)

    def delete_account(self, body: models.ConfirmBody) -> None:
        """Delete the account.

        Deletes the account for good. Its songs, shares, comments and files follow as soon as the library answers.
        """
        self._nothing("POST", "/api/v1/auth/me/deletion", json=body)

    def claim_guest(self, body: models.ClaimBody) -> None:
        """Claim a guest's pieces.

        Gives what was composed as a guest to the account; the guest, whose access token proves it, is forgotten.
        """
        self._nothing("POST", "/api/v1/auth/me/claims", json=body)

    def list_security_events(self, *, limit: int | None = None, before: int | None = None) -> models.SecurityEventPage:
        """What happened to my account.

        Logins, failed logins and changes, the newest first; kept for a year.
        """
        return cast(
            models.SecurityEventPage,
            self._json("GET", "/api/v1/auth/me/security-events", params={"limit": limit, "before": before}),
        )

    def create_token(self, body: models.PasswordForm) -> models.TokenAnswer:
        """Log in.

        Begins a session (OAuth 2.0 password grant).
        """
        return cast(
            models.TokenAnswer,
            self._json("POST", "/api/v1/auth/token", data=cast(dict[str, Any], body), authenticated=False),
        )

    def create_guest(self, body: models.GuestBody | None = None) -> models.TokenAnswer:
        """Begin as a guest.

        Begins a session of somebody who has not registered.

        What a guest composes can be kept: register with the guest's access token in the Authorization header, or log in
        and send it to `POST /api/v1/auth/me/claims`. Otherwise it goes when the guest's session has ended.
        """
        return cast(models.TokenAnswer, self._json("POST", "/api/v1/auth/guest", json=body, authenticated=False))

    def refresh_token(self, body: models.RefreshBody | None = None) -> models.TokenAnswer:
        """Refresh.

        Exchanges a refresh token for new tokens, once; presenting a used one again ends its session.

        An answer that got lost may be asked for again within ten seconds, and holds the same refresh token. Without a body,
        the token is taken from the cookie and the next one put there.
        """
        return cast(models.TokenAnswer, self._json("POST", "/api/v1/auth/refresh", json=body, authenticated=False))

    def log_out(self, body: models.RefreshBody | None = None) -> None:
        """Log out.

        Ends the session of a refresh token. A token that is not valid (any more) is no error.

        Without a body, the token is taken from the cookie, which is removed.
        """
        self._nothing("POST", "/api/v1/auth/logout", json=body, authenticated=False)

    def list_sessions(self) -> models.SessionList:
        """My sessions.

        The sessions that have not ended, the one used last first.
        """
        return cast(models.SessionList, self._json("GET", "/api/v1/auth/sessions"))

    def revoke_session(self, session_id: str) -> None:
        """End a session.

        Its refresh token is refused from now on; an access token that it has lives for the rest of its ten minutes.
        """
        self._nothing("DELETE", f"/api/v1/auth/sessions/{quoted(session_id)}")

    def log_out_everywhere(self) -> None:
        """Log out everywhere.

        Ends all sessions, this one too. API keys stay.
        """
        self._nothing("POST", "/api/v1/auth/logout-everywhere")

    def list_api_keys(self) -> models.ApiKeyList:
        """My API keys.

        The account's keys, the newest first; an expired one for another 30 days.
        """
        return cast(models.ApiKeyList, self._json("GET", "/api/v1/auth/api-keys"))

    def create_api_key(self, body: models.ApiKeyBody) -> models.NewApiKeyAnswer:
        """Make an API key.

        Makes a key. It is shown this once, for only its digest is stored.
        """
        return cast(models.NewApiKeyAnswer, self._json("POST", "/api/v1/auth/api-keys", json=body))

    def revoke_api_key(self, key_id: str) -> None:
        """Revoke an API key.

        The key is exchanged no more; a token that it was exchanged for lives for the rest of its ten minutes.
        """
        self._nothing("DELETE", f"/api/v1/auth/api-keys/{quoted(key_id)}")

    def exchange_api_key(self, body: models.ApiKeyExchange) -> models.ScopedTokenAnswer:
        """Token for an API key.

        Exchanges a key for an access token that may do what the key's scopes say.
        """
        return cast(
            models.ScopedTokenAnswer, self._json("POST", "/api/v1/auth/api-keys/token", json=body, authenticated=False)
        )

    def read_jwks(self) -> models.KeySet:
        """Public keys.

        The keys that verify tokens (RFC 7517).
        """
        return cast(models.KeySet, self._json("GET", "/.well-known/jwks.json", authenticated=False))

    def list_songs(
        self,
        *,
        q: str | None = None,
        model: str | None = None,
        model_version: str | None = None,
        seed: int | None = None,
        instrument: Sequence[str] | None = None,
        tag: Sequence[str] | None = None,
        key: str | None = None,
        style: str | None = None,
        remix_of: str | None = None,
        tempo_min: float | None = None,
        tempo_max: float | None = None,
        duration_min: float | None = None,
        duration_max: float | None = None,
        measure: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
        sort: models.Sort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        visibility: models.Visibility | None = None,
    ) -> models.SongPage:
        """List and search your songs.

        A page of your songs. Songs that are added meanwhile do not shift the pages that follow.
        """
        return cast(
            models.SongPage,
            self._json(
                "GET",
                "/api/v1/songs",
                params={
                    "q": q,
                    "model": model,
                    "model_version": model_version,
                    "seed": seed,
                    "instrument": instrument,
                    "tag": tag,
                    "key": key,
                    "style": style,
                    "remix_of": remix_of,
                    "tempo_min": tempo_min,
                    "tempo_max": tempo_max,
                    "duration_min": duration_min,
                    "duration_max": duration_max,
                    "measure": measure,
                    "since": since,
                    "until": until,
                    "sort": sort,
                    "limit": limit,
                    "cursor": cursor,
                    "visibility": visibility,
                },
            ),
        )

    def list_song_facets(
        self,
        *,
        q: str | None = None,
        model: str | None = None,
        model_version: str | None = None,
        seed: int | None = None,
        instrument: Sequence[str] | None = None,
        tag: Sequence[str] | None = None,
        key: str | None = None,
        style: str | None = None,
        remix_of: str | None = None,
        tempo_min: float | None = None,
        tempo_max: float | None = None,
        duration_min: float | None = None,
        duration_max: float | None = None,
        measure: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
        sort: models.Sort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        visibility: models.Visibility | None = None,
    ) -> models.FacetsAnswer:
        """What your songs have in common.

        Counts of the values that the songs of a listing have; `sort`, `limit` and `cursor` are ignored.
        """
        return cast(
            models.FacetsAnswer,
            self._json(
                "GET",
                "/api/v1/songs/facets",
                params={
                    "q": q,
                    "model": model,
                    "model_version": model_version,
                    "seed": seed,
                    "instrument": instrument,
                    "tag": tag,
                    "key": key,
                    "style": style,
                    "remix_of": remix_of,
                    "tempo_min": tempo_min,
                    "tempo_max": tempo_max,
                    "duration_min": duration_min,
                    "duration_max": duration_max,
                    "measure": measure,
                    "since": since,
                    "until": until,
                    "sort": sort,
                    "limit": limit,
                    "cursor": cursor,
                    "visibility": visibility,
                },
            ),
        )

    def list_deleted_songs(self, *, limit: int | None = None, cursor: str | None = None) -> models.DeletedPage:
        """List your deleted songs.

        Songs that can still be restored, the last deleted first.
        """
        return cast(
            models.DeletedPage, self._json("GET", "/api/v1/songs/trash", params={"limit": limit, "cursor": cursor})
        )

    def get_song(self, song_id: str, *, if_none_match: str | None = None) -> models.SongAnswer:
        """A song.

        A song of yours, or one that is public or unlisted, with everything that is known of it.
        """
        return cast(
            models.SongAnswer,
            self._json("GET", f"/api/v1/songs/{quoted(song_id)}", headers={"if-none-match": if_none_match}),
        )

    def change_song(self, song_id: str, body: models.SongChanges, *, if_match: str | None = None) -> models.SongAnswer:
        """Change a song.

        Changes what you name. With `If-Match`, only when nobody changed it since.
        """
        return cast(
            models.SongAnswer,
            self._json("PATCH", f"/api/v1/songs/{quoted(song_id)}", headers={"if-match": if_match}, json=body),
        )

    def delete_song(self, song_id: str, *, if_match: str | None = None) -> None:
        """Delete a song.

        Takes a song out of your library; it can be restored for 30 days. With `If-Match`, only when unchanged.
        """
        self._nothing("DELETE", f"/api/v1/songs/{quoted(song_id)}", headers={"if-match": if_match})

    def restore_song(self, song_id: str) -> models.SongAnswer:
        """Restore a deleted song.

        Brings a song back as it was, within 30 days of its deletion.
        """
        return cast(models.SongAnswer, self._json("POST", f"/api/v1/songs/{quoted(song_id)}/restore"))

    def remix_song(self, song_id: str) -> models.Remix:
        """How to compose it again.

        The request that composes with this song's settings and another seed.
        """
        return cast(models.Remix, self._json("GET", f"/api/v1/songs/{quoted(song_id)}/remix"))

    def download_midi(self, song_id: str) -> bytes:
        """A song as a MIDI file.

        The MIDI file, named after the title. `Range`, `If-Range` and `If-None-Match` are honoured.
        """
        return self._bytes("GET", f"/api/v1/songs/{quoted(song_id)}/midi")

    def download_midi_stream(self, song_id: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `download_midi`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/songs/{quoted(song_id)}/midi")

    def explore_songs(
        self,
        *,
        q: str | None = None,
        model: str | None = None,
        model_version: str | None = None,
        seed: int | None = None,
        instrument: Sequence[str] | None = None,
        tag: Sequence[str] | None = None,
        key: str | None = None,
        style: str | None = None,
        remix_of: str | None = None,
        tempo_min: float | None = None,
        tempo_max: float | None = None,
        duration_min: float | None = None,
        duration_max: float | None = None,
        measure: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
        sort: models.Sort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        author: str | None = None,
        following: bool | None = None,
    ) -> models.SongPage:
        """Explore public songs.

        Songs that their authors have published: the newest, the most liked, of a style, of those whom you follow.
        """
        return cast(
            models.SongPage,
            self._json(
                "GET",
                "/api/v1/library/explore",
                params={
                    "q": q,
                    "model": model,
                    "model_version": model_version,
                    "seed": seed,
                    "instrument": instrument,
                    "tag": tag,
                    "key": key,
                    "style": style,
                    "remix_of": remix_of,
                    "tempo_min": tempo_min,
                    "tempo_max": tempo_max,
                    "duration_min": duration_min,
                    "duration_max": duration_max,
                    "measure": measure,
                    "since": since,
                    "until": until,
                    "sort": sort,
                    "limit": limit,
                    "cursor": cursor,
                    "author": author,
                    "following": following,
                },
            ),
        )

    def explore_facets(
        self,
        *,
        q: str | None = None,
        model: str | None = None,
        model_version: str | None = None,
        seed: int | None = None,
        instrument: Sequence[str] | None = None,
        tag: Sequence[str] | None = None,
        key: str | None = None,
        style: str | None = None,
        remix_of: str | None = None,
        tempo_min: float | None = None,
        tempo_max: float | None = None,
        duration_min: float | None = None,
        duration_max: float | None = None,
        measure: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
        sort: models.Sort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        author: str | None = None,
        following: bool | None = None,
    ) -> models.FacetsAnswer:
        """What public songs have in common.

        Counts of the values that the songs of a listing have; `sort`, `limit` and `cursor` are ignored.
        """
        return cast(
            models.FacetsAnswer,
            self._json(
                "GET",
                "/api/v1/library/explore/facets",
                params={
                    "q": q,
                    "model": model,
                    "model_version": model_version,
                    "seed": seed,
                    "instrument": instrument,
                    "tag": tag,
                    "key": key,
                    "style": style,
                    "remix_of": remix_of,
                    "tempo_min": tempo_min,
                    "tempo_max": tempo_max,
                    "duration_min": duration_min,
                    "duration_max": duration_max,
                    "measure": measure,
                    "since": since,
                    "until": until,
                    "sort": sort,
                    "limit": limit,
                    "cursor": cursor,
                    "author": author,
                    "following": following,
                },
            ),
        )

    def share_song(self, song_id: str, body: models.NewShare) -> models.NewShareAnswer:
        """Share a song by a link.

        A link by which people without an account can hear the song. Its token is shown in this answer only.
        """
        return cast(models.NewShareAnswer, self._json("POST", f"/api/v1/songs/{quoted(song_id)}/shares", json=body))

    def list_shares(self, song_id: str) -> models.ShareList:
        """List the links to your song.

        Links that were not revoked, with how often they were opened.
        """
        return cast(models.ShareList, self._json("GET", f"/api/v1/songs/{quoted(song_id)}/shares"))

    def revoke_share(self, song_id: str, share_id: str) -> None:
        """Revoke a link.

        The link shows nothing from now on.
        """
        self._nothing("DELETE", f"/api/v1/songs/{quoted(song_id)}/shares/{quoted(share_id)}")

    def open_share(self, token: str) -> models.SharedSong:
        """Open a share link.

        The song that a link leads to; counts as one view.
        """
        return cast(
            models.SharedSong, self._json("GET", f"/api/v1/library/shared/{quoted(token)}", authenticated=False)
        )

    def download_shared_midi(self, token: str) -> bytes:
        """A shared song as a MIDI file.

        The file of a song whose link allows downloads.
        """
        return self._bytes("GET", f"/api/v1/library/shared/{quoted(token)}/midi", authenticated=False)

    def download_shared_midi_stream(self, token: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `download_shared_midi`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/library/shared/{quoted(token)}/midi", authenticated=False)

    def like_song(self, song_id: str) -> None:
        """Like a song.

        Twice is once.
        """
        self._nothing("PUT", f"/api/v1/songs/{quoted(song_id)}/like")

    def unlike_song(self, song_id: str) -> None:
        """Like it no longer.

        Nothing happens when you did not.
        """
        self._nothing("DELETE", f"/api/v1/songs/{quoted(song_id)}/like")

    def list_liked_songs(self, *, limit: int | None = None, cursor: str | None = None) -> models.SongPage:
        """List the songs that you like.

        The latest liked first; without those that you may not see any more.
        """
        return cast(
            models.SongPage, self._json("GET", "/api/v1/library/likes", params={"limit": limit, "cursor": cursor})
        )

    def list_comments(self, song_id: str, *, limit: int | None = None, cursor: str | None = None) -> models.CommentPage:
        """List comments.

        What was said about a song, the newest first.
        """
        return cast(
            models.CommentPage,
            self._json("GET", f"/api/v1/songs/{quoted(song_id)}/comments", params={"limit": limit, "cursor": cursor}),
        )

    def comment_on_song(self, song_id: str, body: models.NewComment) -> models.CommentAnswer:
        """Comment on a song.

        Plain text of up to 2,000 characters. Refused with 403 when the song's owner has closed its comments.
        """
        return cast(models.CommentAnswer, self._json("POST", f"/api/v1/songs/{quoted(song_id)}/comments", json=body))

    def delete_comment(self, comment_id: str) -> None:
        """Delete a comment.

        One that you wrote, or one on a song of yours.
        """
        self._nothing("DELETE", f"/api/v1/library/comments/{quoted(comment_id)}")

    def report_comment(self, comment_id: str, body: models.CommentReport) -> None:
        """Report a comment.

        Tells the operators that a comment should not be there. A second report of yours replaces the first.
        """
        self._nothing("PUT", f"/api/v1/library/comments/{quoted(comment_id)}/report", json=body)

    def get_author(self, author_id: str) -> models.AuthorAnswer:
        """An author.

        Somebody who has published songs; the songs are at `/library/explore?author=`.
        """
        return cast(models.AuthorAnswer, self._json("GET", f"/api/v1/library/authors/{quoted(author_id)}"))

    def follow_author(self, author_id: str) -> None:
        """Follow an author.

        Their songs appear at `/library/explore?following=true`.
        """
        self._nothing("PUT", f"/api/v1/library/authors/{quoted(author_id)}/follow")

    def unfollow_author(self, author_id: str) -> None:
        """Follow an author no longer.

        Nothing happens when you did not.
        """
        self._nothing("DELETE", f"/api/v1/library/authors/{quoted(author_id)}/follow")

    def list_followed_authors(self) -> models.Following:
        """List whom you follow.

        The latest followed first.
        """
        return cast(models.Following, self._json("GET", "/api/v1/library/following"))

    def create_playlist(self, body: models.NewPlaylist) -> models.PlaylistAnswer:
        """Make a playlist.

        An empty playlist.
        """
        return cast(models.PlaylistAnswer, self._json("POST", "/api/v1/library/playlists", json=body))

    def list_playlists(self, *, limit: int | None = None, cursor: str | None = None) -> models.PlaylistPage:
        """List your playlists.

        The newest first.
        """
        return cast(
            models.PlaylistPage,
            self._json("GET", "/api/v1/library/playlists", params={"limit": limit, "cursor": cursor}),
        )

    def get_playlist(self, playlist_id: str) -> models.FullPlaylist:
        """A playlist.

        A playlist of yours, or one that is public or unlisted, with those of its songs that you may see.
        """
        return cast(models.FullPlaylist, self._json("GET", f"/api/v1/library/playlists/{quoted(playlist_id)}"))

    def change_playlist(
        self, playlist_id: str, body: models.PlaylistChanges, *, if_match: str | None = None
    ) -> models.PlaylistAnswer:
        """Change a playlist.

        Changes what you name. With `If-Match`, only when nobody changed it since.
        """
        return cast(
            models.PlaylistAnswer,
            self._json(
                "PATCH", f"/api/v1/library/playlists/{quoted(playlist_id)}", headers={"if-match": if_match}, json=body
            ),
        )

    def delete_playlist(self, playlist_id: str, *, if_match: str | None = None) -> None:
        """Delete a playlist.

        Removes it for good; its songs stay where they are.
        """
        self._nothing("DELETE", f"/api/v1/library/playlists/{quoted(playlist_id)}", headers={"if-match": if_match})

    def put_playlist_songs(
        self, playlist_id: str, body: models.PlaylistSongs, *, if_match: str | None = None
    ) -> models.PlaylistAnswer:
        """Set the songs of a playlist.

        These songs in this order: to move, add and remove many at once.
        """
        return cast(
            models.PlaylistAnswer,
            self._json(
                "PUT",
                f"/api/v1/library/playlists/{quoted(playlist_id)}/songs",
                headers={"if-match": if_match},
                json=body,
            ),
        )

    def add_playlist_song(self, playlist_id: str, song_id: str) -> models.PlaylistAnswer:
        """Add a song to a playlist.

        At the end, unless it is there already.
        """
        return cast(
            models.PlaylistAnswer,
            self._json("PUT", f"/api/v1/library/playlists/{quoted(playlist_id)}/songs/{quoted(song_id)}"),
        )

    def remove_playlist_song(self, playlist_id: str, song_id: str) -> models.PlaylistAnswer:
        """Take a song out of a playlist.

        Nothing happens when it is not there.
        """
        return cast(
            models.PlaylistAnswer,
            self._json("DELETE", f"/api/v1/library/playlists/{quoted(playlist_id)}/songs/{quoted(song_id)}"),
        )

    def import_song(
        self, body: bytes, *, title: str | None = None, idempotency_key: str | None = None
    ) -> models.SongAnswer:
        """Import a MIDI file.

        A new song of yours from a file: measured, with tempo, instruments and an estimate of its key.
        """
        return cast(
            models.SongAnswer,
            self._json(
                "POST",
                "/api/v1/library/imports",
                params={"title": title},
                headers={"idempotency-key": idempotency_key},
                content=body,
                media_type="audio/midi",
            ),
        )

    def export_library(self) -> bytes:
        """Export all that is yours.

        Your songs as MIDI with all that is known of them as JSON, your playlists, comments, likes and follows.
        """
        return self._bytes("GET", "/api/v1/library/export")

    def export_library_stream(self) -> AbstractContextManager[ByteStream]:
        """Stream the result of `export_library`, which is read while it arrives."""
        return self._stream("GET", "/api/v1/library/export")

    def create_generation(
        self, body: models.GenerationRequest, *, prefer: str | None = None, idempotency_key: str | None = None
    ) -> models.OrderView:
        """Compose a piece.

        Orders a piece or several variations, with or without an account; with one, they appear in its library.

        Answers 202 at once, or with `Prefer: wait=N` the ended generation if it ends within N seconds.
        """
        return cast(
            models.OrderView,
            self._json(
                "POST", "/api/v1/generations", headers={"prefer": prefer, "Idempotency-Key": idempotency_key}, json=body
            ),
        )

    def get_generation(self, generation_id: str) -> models.GenerationView:
        """Look at a generation.

        Where the generation stands; while it waits, with its place in the queue.
        """
        return cast(models.GenerationView, self._json("GET", f"/api/v1/generations/{quoted(generation_id)}"))

    def cancel_generation(self, generation_id: str, *, keep: bool | None = None) -> models.GenerationView:
        """Cancel a generation.

        Cancels a generation that has not ended. One that has stays as it is; its piece is not deleted.
        """
        return cast(
            models.GenerationView,
            self._json("DELETE", f"/api/v1/generations/{quoted(generation_id)}", params={"keep": keep}),
        )

    def follow_generation(
        self, generation_id: str, *, notes: bool | None = None, last_event_id: str | None = None
    ) -> Iterator[Event]:
        """Follow a generation.

        Server-sent events `queued`, `started`, `progress` and `notes`, then one of `done`, `failed`, `cancelled`.

        The data of `notes` are the notes since the last such event; of all others, the generation as GET gives it. What
        still waits after a second is `queued` with its place, and again whenever that has changed. The stream ends after
        the last event.
        """
        return self._events(
            "GET",
            f"/api/v1/generations/{quoted(generation_id)}/events",
            params={"notes": notes},
            headers={"last-event-id": last_event_id},
        )

    def get_generation_midi(self, generation_id: str) -> bytes:
        """Download the piece as MIDI.

        The MIDI file, once the generation has succeeded.
        """
        return self._bytes("GET", f"/api/v1/generations/{quoted(generation_id)}/midi")

    def get_generation_midi_stream(self, generation_id: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_generation_midi`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/generations/{quoted(generation_id)}/midi")

    def get_generation_pianoroll(self, generation_id: str) -> bytes:
        """See the piece.

        The piano roll as an SVG picture, once the generation has succeeded.
        """
        return self._bytes("GET", f"/api/v1/generations/{quoted(generation_id)}/pianoroll")

    def get_generation_pianoroll_stream(self, generation_id: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_generation_pianoroll`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/generations/{quoted(generation_id)}/pianoroll")

    def list_models(self) -> models.ModelList:
        """List the models.

        The models that are loaded, with the limits of their parameters.
        """
        return cast(models.ModelList, self._json("GET", "/api/v1/models", authenticated=False))

    def get_model(self, name: str) -> models.ModelView:
        """Look at a model.

        What the model is, and what a listener may set of it.
        """
        return cast(models.ModelView, self._json("GET", f"/api/v1/models/{quoted(name)}", authenticated=False))

    def get_model_sample(self, name: str) -> bytes:
        """A sample of a model.

        A short piece that the model composed; it came with the bundle, and stays the same for a version.
        """
        return self._bytes("GET", f"/api/v1/models/{quoted(name)}/sample", authenticated=False)

    def get_model_sample_stream(self, name: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_model_sample`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/models/{quoted(name)}/sample", authenticated=False)

    def create_comparison(
        self, body: models.ComparisonRequest, *, prefer: str | None = None, idempotency_key: str | None = None
    ) -> models.ComparisonView:
        """Compare ways to compose.

        Orders one piece per variant, all from the same seed and prompt, and puts them side by side.

        Each is a generation of its own, with events, measures and a MIDI file. Answers as `POST /generations` does.
        """
        return cast(
            models.ComparisonView,
            self._json(
                "POST", "/api/v1/comparisons", headers={"prefer": prefer, "Idempotency-Key": idempotency_key}, json=body
            ),
        )

    def get_comparison(self, comparison_id: str) -> models.ComparisonView:
        """Look at a comparison.

        The pieces as they stand.
        """
        return cast(models.ComparisonView, self._json("GET", f"/api/v1/comparisons/{quoted(comparison_id)}"))

    def get_song_audio(
        self,
        song_id: str,
        format_: models.AudioFormat,
        *,
        sample_rate: int | None = None,
        channels: Literal["mono", "stereo"] | None = None,
        bit_depth: int | None = None,
        bitrate: int | None = None,
        vbr: int | None = None,
        soundfont: str | None = None,
        instrument: Sequence[str] | None = None,
        gain: float | None = None,
        reverb: float | None = None,
        chorus: float | None = None,
        tail: float | None = None,
        fade: float | None = None,
        loudness: float | None = None,
        trim: bool | None = None,
        share: str | None = None,
        download: bool | None = None,
    ) -> bytes:
        """A song as audio.

        The audio, sent while it is rendered when it is asked for the first time. `Range`, `If-Range` and
        `If-None-Match` are honoured from the first request on.

        Without a login, only songs that everybody may hear are found, and the one to which `share` is a link's token. MP3
        of constant bit rate, WAV and Opus have a known length from the start; FLAC, Ogg Vorbis and MP3 of variable bit
        rate when they have been rendered once.
        """
        return self._bytes(
            "GET",
            f"/api/v1/audio/{quoted(song_id)}.{quoted(format_)}",
            params={
                "sample_rate": sample_rate,
                "channels": channels,
                "bit_depth": bit_depth,
                "bitrate": bitrate,
                "vbr": vbr,
                "soundfont": soundfont,
                "instrument": instrument,
                "gain": gain,
                "reverb": reverb,
                "chorus": chorus,
                "tail": tail,
                "fade": fade,
                "loudness": loudness,
                "trim": trim,
                "share": share,
                "download": download,
            },
        )

    def get_song_audio_stream(
        self,
        song_id: str,
        format_: models.AudioFormat,
        *,
        sample_rate: int | None = None,
        channels: Literal["mono", "stereo"] | None = None,
        bit_depth: int | None = None,
        bitrate: int | None = None,
        vbr: int | None = None,
        soundfont: str | None = None,
        instrument: Sequence[str] | None = None,
        gain: float | None = None,
        reverb: float | None = None,
        chorus: float | None = None,
        tail: float | None = None,
        fade: float | None = None,
        loudness: float | None = None,
        trim: bool | None = None,
        share: str | None = None,
        download: bool | None = None,
    ) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_song_audio`, which is read while it arrives."""
        return self._stream(
            "GET",
            f"/api/v1/audio/{quoted(song_id)}.{quoted(format_)}",
            params={
                "sample_rate": sample_rate,
                "channels": channels,
                "bit_depth": bit_depth,
                "bitrate": bitrate,
                "vbr": vbr,
                "soundfont": soundfont,
                "instrument": instrument,
                "gain": gain,
                "reverb": reverb,
                "chorus": chorus,
                "tail": tail,
                "fade": fade,
                "loudness": loudness,
                "trim": trim,
                "share": share,
                "download": download,
            },
        )

    def prepare_song_audio(self, song_id: str, body: models.NewRenditions) -> models.RenditionList:
        """Render a song ahead of time.

        Renders the song in these formats in the background, so that it starts at once and can be sought in freely when
        somebody plays it. Asking again tells how far it is, and renders nothing twice.
        """
        return cast(models.RenditionList, self._json("POST", f"/api/v1/audio/{quoted(song_id)}/renditions", json=body))

    def convert_midi(self, file: bytes, fields: dict[str, Any] | None = None) -> bytes:
        """Convert a MIDI file to audio.

        The audio of the uploaded file, named after it, sent while it is rendered. Sending the same file again does not
        render it again.
        """
        return self._bytes("POST", "/api/v1/conversions", files={"file": file}, data=fields, authenticated=False)

    def convert_midi_stream(
        self, file: bytes, fields: dict[str, Any] | None = None
    ) -> AbstractContextManager[ByteStream]:
        """Stream the result of `convert_midi`, which is read while it arrives."""
        return self._stream("POST", "/api/v1/conversions", files={"file": file}, data=fields, authenticated=False)

    def get_song_pianoroll(
        self,
        song_id: str,
        format_: models.PictureFormat,
        *,
        theme: models.Theme | None = None,
        width: int | None = None,
        height: int | None = None,
        card: bool | None = None,
        share: str | None = None,
    ) -> bytes:
        """A song as a piano roll.

        Time from left to right, pitch from the bottom up, a colour for each track, louder notes stronger. Whoever may
        hear the song may see it, also by the token of a share link.
        """
        return self._bytes(
            "GET",
            f"/api/v1/pianorolls/{quoted(song_id)}.{quoted(format_)}",
            params={"theme": theme, "width": width, "height": height, "card": card, "share": share},
        )

    def get_song_pianoroll_stream(
        self,
        song_id: str,
        format_: models.PictureFormat,
        *,
        theme: models.Theme | None = None,
        width: int | None = None,
        height: int | None = None,
        card: bool | None = None,
        share: str | None = None,
    ) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_song_pianoroll`, which is read while it arrives."""
        return self._stream(
            "GET",
            f"/api/v1/pianorolls/{quoted(song_id)}.{quoted(format_)}",
            params={"theme": theme, "width": width, "height": height, "card": card, "share": share},
        )

    def list_soundfonts(self) -> models.SoundFontList:
        """SoundFonts and instruments.

        The SoundFonts that audio can be rendered with, their licences, and the names of instruments.
        """
        return cast(models.SoundFontList, self._json("GET", "/api/v1/soundfonts", authenticated=False))
