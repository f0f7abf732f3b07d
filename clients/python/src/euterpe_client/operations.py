"""All operations of the public API. Generated from the OpenAPI document by `make openapi`; do not edit."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, cast

from euterpe_client import models
from euterpe_client.transport import ByteStream, Event, Transport, quoted

__all__ = ["Operations"]


class Operations(Transport):
    """One method per operation. Each raises ApiError if the response is an error."""

    def register_user(self, body: models.Registration) -> models.NewUserAnswer:
        """Register.

        Creates an account. Log in with `POST /api/v1/auth/token` afterwards.

        Only this response contains the recovery codes. Each recovers a lost password once, without an e-mail address.

        With a guest's access token in the Authorization header, the guest becomes the account: the account owns the guest's
        songs, and the guest's sessions end.
        """
        return cast(models.NewUserAnswer, self._json("POST", "/api/v1/auth/users", json=body))

    def get_registration_challenge(self) -> models.RegistrationChallengeAnswer:
        """Get a challenge for a registration.

        A challenge (ALTCHA, proof of work) that a registration must solve within ten minutes; null if it needs none.
        """
        return cast(
            models.RegistrationChallengeAnswer,
            self._json("GET", "/api/v1/auth/registration-challenge", authenticated=False),
        )

    def read_me(self) -> models.UserAnswer:
        """Get the current account.

        The account or guest of the access token.
        """
        return cast(models.UserAnswer, self._json("GET", "/api/v1/auth/me"))

    def change_password(self, body: models.PasswordChange) -> None:
        """Change the password.

        Changes the password, and ends all other sessions. API keys remain valid, unless `revoke_api_keys` is true.

        An account without a password needs a recent authentication instead of `current_password`.
        """
        self._nothing("PUT", "/api/v1/auth/me/password", json=body)

    def delete_account(self, body: models.DeletionBody) -> None:
        """Delete the account.

        Deletes the account permanently. Its songs, share links, comments and files are deleted in the background.

        An account without a password needs a recent authentication instead.
        """
        self._nothing("POST", "/api/v1/auth/me/deletion", json=body)

    def claim_guest(self, body: models.ClaimBody) -> None:
        """Claim a guest's songs.

        Transfers the songs of a guest, identified by its access token, to the account, and deletes the guest.
        """
        self._nothing("POST", "/api/v1/auth/me/claims", json=body)

    def export_account(self) -> models.AccountExport:
        """Export your account.

        The account with its sessions, API keys and all security events, without any secret.

        Songs and what belongs to them are exported by `/api/v1/library/export`, generations by
        `/api/v1/generations/export`.
        """
        return cast(models.AccountExport, self._json("GET", "/api/v1/auth/me/export"))

    def list_security_events(self, *, limit: int | None = None, before: int | None = None) -> models.SecurityEventPage:
        """List security events.

        Logins, failed logins and changes of the account, newest first. They are kept for a year.
        """
        return cast(
            models.SecurityEventPage,
            self._json("GET", "/api/v1/auth/me/security-events", params={"limit": limit, "before": before}),
        )

    def get_credentials(self) -> models.CredentialsAnswer:
        """Get your credentials.

        How you log in to the account and recover it, without any secret.
        """
        return cast(models.CredentialsAnswer, self._json("GET", "/api/v1/auth/me/credentials"))

    def reauthenticate(self, body: models.ConfirmBody) -> None:
        """Confirm your password.

        Confirms with the password that the session's user is present.

        Changes of credentials need a login or a confirmation within the last ten minutes; without it the response is 403
        with the type `recent-authentication-required`.
        """
        self._nothing("POST", "/api/v1/auth/me/reauthentication", json=body)

    def change_email(self, body: models.EmailBody) -> None:
        """Change the e-mail address.

        Sends a link to the address, which becomes the account's when `POST /email-verifications` gets its token.

        A previous address is notified. Needs a recent authentication.
        """
        self._nothing("PUT", "/api/v1/auth/me/email", json=body)

    def remove_email(self) -> None:
        """Remove the e-mail address.

        Removes the address, which is notified. A lost password can then not be recovered by mail.

        Needs a recent authentication.
        """
        self._nothing("DELETE", "/api/v1/auth/me/email")

    def verify_email(self, body: models.LinkBody) -> models.VerifiedEmailAnswer:
        """Verify an e-mail address.

        Makes the address to which a link was sent the account's. A link is valid once, for 24 hours.
        """
        return cast(
            models.VerifiedEmailAnswer,
            self._json("POST", "/api/v1/auth/email-verifications", json=body, authenticated=False),
        )

    def get_login_options(self) -> models.LoginOptionsAnswer:
        """Get login options.

        What this installation offers to log in, to register, and to recover a password.
        """
        return cast(models.LoginOptionsAnswer, self._json("GET", "/api/v1/auth/login-options", authenticated=False))

    def request_recovery(self, body: models.RecoveryBody) -> None:
        """Request a recovery link.

        Sends a link to the verified address of the account, if there are both.

        The response does not depend on whether the account exists. The link is valid once, for one hour; three links an
        hour can be requested for an account.
        """
        self._nothing("POST", "/api/v1/auth/password-recovery", json=body, authenticated=False)

    def complete_recovery(self, body: models.RecoveryCompletion) -> None:
        """Recover the password.

        Sets a new password with the token of a link, and ends all sessions.

        API keys remain valid, unless `revoke_api_keys` is true.
        """
        self._nothing("POST", "/api/v1/auth/password-recovery/completion", json=body, authenticated=False)

    def recover_with_code(self, body: models.RecoveryCodeCompletion) -> None:
        """Recover the password with a recovery code.

        Sets a new password with one of the recovery codes, and ends all sessions. Each code is valid once.

        API keys remain valid, unless `revoke_api_keys` is true.
        """
        self._nothing("POST", "/api/v1/auth/password-recovery/code", json=body, authenticated=False)

    def create_recovery_codes(self) -> models.RecoveryCodesAnswer:
        """Create recovery codes.

        Replaces all recovery codes. Only this response contains them, because their digests are stored.

        A code recovers the password once, or replaces the code of an authenticator app once. Needs a recent authentication.
        """
        return cast(models.RecoveryCodesAnswer, self._json("POST", "/api/v1/auth/me/recovery-codes"))

    def create_totp(self) -> models.TotpSecretAnswer:
        """Create an authenticator secret.

        Creates the secret for an authenticator app (TOTP, RFC 6238). Logins need codes after `POST /me/totp/activation`.

        Needs a recent authentication.
        """
        return cast(models.TotpSecretAnswer, self._json("POST", "/api/v1/auth/me/totp"))

    def disable_totp(self) -> None:
        """Disable the second factor.

        Logins need no codes any more. Needs a recent authentication.
        """
        self._nothing("DELETE", "/api/v1/auth/me/totp")

    def enable_totp(self, body: models.TotpCodeBody) -> models.EnabledTotpAnswer:
        """Enable the second factor.

        Confirms the secret with a code of the app. From now on, logins with the password need a code (`code`).

        Returns recovery codes if the account had none. Needs a recent authentication.
        """
        return cast(models.EnabledTotpAnswer, self._json("POST", "/api/v1/auth/me/totp/activation", json=body))

    def begin_passkey(self) -> models.PasskeyOptionsAnswer:
        """Get options for a new passkey.

        The options of `navigator.credentials.create()`, valid for five minutes. Needs a recent authentication.
        """
        return cast(models.PasskeyOptionsAnswer, self._json("POST", "/api/v1/auth/me/passkeys/options"))

    def list_passkeys(self) -> models.PasskeyList:
        """List passkeys.

        The account's passkeys, newest first.
        """
        return cast(models.PasskeyList, self._json("GET", "/api/v1/auth/me/passkeys"))

    def add_passkey(self, body: models.NewPasskeyBody) -> models.PasskeyAnswer:
        """Add a passkey.

        Adds the passkey that the browser has created. Needs a recent authentication.
        """
        return cast(models.PasskeyAnswer, self._json("POST", "/api/v1/auth/me/passkeys", json=body))

    def rename_passkey(self, passkey_id: str, body: models.PasskeyNameBody) -> models.PasskeyAnswer:
        """Rename a passkey.

        Renames a passkey.
        """
        return cast(
            models.PasskeyAnswer, self._json("PATCH", f"/api/v1/auth/me/passkeys/{quoted(passkey_id)}", json=body)
        )

    def remove_passkey(self, passkey_id: str) -> None:
        """Remove a passkey.

        Removes a passkey from the account. Needs a recent authentication.
        """
        self._nothing("DELETE", f"/api/v1/auth/me/passkeys/{quoted(passkey_id)}")

    def begin_passkey_login(self) -> models.PasskeyOptionsAnswer:
        """Get options to use a passkey.

        The options of `navigator.credentials.get()`, valid for five minutes.
        """
        return cast(
            models.PasskeyOptionsAnswer, self._json("POST", "/api/v1/auth/passkeys/options", authenticated=False)
        )

    def log_in_with_passkey(self, body: models.PasskeyLoginBody) -> models.TokenAnswer:
        """Log in with a passkey.

        Creates a session. A passkey is accepted without a second factor, because it verifies its user.
        """
        return cast(
            models.TokenAnswer, self._json("POST", "/api/v1/auth/token/passkey", json=body, authenticated=False)
        )

    def reauthenticate_with_passkey(self, body: models.PasskeyProofBody) -> None:
        """Confirm with a passkey.

        Confirms with a passkey of the account that the session's user is present, like the password.
        """
        self._nothing("POST", "/api/v1/auth/me/reauthentication/passkey", json=body)

    def begin_provider_login(self) -> models.ProviderAuthorizationAnswer:
        """Begin a login at the provider.

        The provider's page (authorization code flow with PKCE), and a ticket that continues the login.
        """
        return cast(
            models.ProviderAuthorizationAnswer,
            self._json("POST", "/api/v1/auth/provider/authorization", authenticated=False),
        )

    def complete_provider_login(self, body: models.ProviderResponseBody) -> models.ProviderUserAnswer:
        """Verify the provider's response.

        Verifies the parameters with which the provider sent the browser back. They are accepted once.

        The ticket then logs in, registers, links or confirms.
        """
        return cast(
            models.ProviderUserAnswer,
            self._json("POST", "/api/v1/auth/provider/completion", json=body, authenticated=False),
        )

    def log_in_with_provider(self, body: models.ProviderLoginBody) -> models.TokenAnswer:
        """Log in with the provider.

        Creates a session of the account that is linked with the provider's user.

        If the account has a second factor, a login without `code` is answered with 401 and the type
        `second-factor-required`; the ticket remains valid. Without an account, the type is `no-provider-account`.
        """
        return cast(
            models.TokenAnswer, self._json("POST", "/api/v1/auth/token/provider", json=body, authenticated=False)
        )

    def register_with_provider(self, body: models.ProviderRegistration) -> models.NewUserAnswer:
        """Register with the provider.

        Creates an account without a password for the provider's user. The ticket then logs in.

        With a guest's access token in the Authorization header, the guest becomes the account.
        """
        return cast(models.NewUserAnswer, self._json("POST", "/api/v1/auth/provider/registration", json=body))

    def begin_provider_confirmation(self, body: models.ProviderAuthorizationBody) -> models.ProviderAuthorizationAnswer:
        """Begin to link the provider or to confirm with it.

        Like `POST /provider/authorization`, for an account. To link needs a recent authentication.
        """
        return cast(
            models.ProviderAuthorizationAnswer, self._json("POST", "/api/v1/auth/me/provider/authorization", json=body)
        )

    def link_provider(self, body: models.ProviderTicketBody) -> None:
        """Link the provider.

        Lets the provider's user log in to the account. Needs a recent authentication.
        """
        self._nothing("POST", "/api/v1/auth/me/provider", json=body)

    def unlink_provider(self) -> None:
        """Unlink the provider.

        Removes the link. Needs a recent authentication, and a password or passkey to log in with.
        """
        self._nothing("DELETE", "/api/v1/auth/me/provider")

    def reauthenticate_with_provider(self, body: models.ProviderTicketBody) -> None:
        """Confirm with the provider.

        Confirms with a login at the provider that the session's user is present, like the password.

        The provider must state that the login was within the last ten minutes (`auth_time`).
        """
        self._nothing("POST", "/api/v1/auth/me/reauthentication/provider", json=body)

    def create_token(self, body: models.PasswordForm) -> models.TokenAnswer:
        """Log in.

        Creates a session (OAuth 2.0 password grant).

        If the account has a second factor, a login without `code` is answered with 401 and the type
        `second-factor-required`.
        """
        return cast(
            models.TokenAnswer,
            self._json("POST", "/api/v1/auth/token", data=cast(dict[str, Any], body), authenticated=False),
        )

    def create_guest(self, body: models.GuestBody | None = None) -> models.TokenAnswer:
        """Create a guest.

        Creates a guest with a session, for use without an account.

        To keep a guest's songs, register with the guest's access token in the Authorization header, or log in and send the
        token to `POST /api/v1/auth/me/claims`. Otherwise they are deleted when the guest's session has expired.
        """
        return cast(models.TokenAnswer, self._json("POST", "/api/v1/auth/guest", json=body, authenticated=False))

    def refresh_token(self, body: models.RefreshBody | None = None) -> models.TokenAnswer:
        """Refresh tokens.

        Exchanges a refresh token for new tokens. Each refresh token is valid once; reusing it ends the session.

        If the response was lost, the request can be repeated within ten seconds, and returns the same refresh token.
        Without a body, the token is read from the cookie, and the next one is set as a cookie.
        """
        return cast(models.TokenAnswer, self._json("POST", "/api/v1/auth/refresh", json=body, authenticated=False))

    def log_out(self, body: models.RefreshBody | None = None) -> None:
        """Log out.

        Ends the session of a refresh token. Idempotent: an invalid token is accepted.

        Without a body, the token is read from the cookie, which is deleted.
        """
        self._nothing("POST", "/api/v1/auth/logout", json=body, authenticated=False)

    def list_sessions(self) -> models.SessionList:
        """List sessions.

        The active sessions, the one used last first.
        """
        return cast(models.SessionList, self._json("GET", "/api/v1/auth/sessions"))

    def revoke_session(self, session_id: str) -> None:
        """End a session.

        Ends a session. Its refresh token is revoked at once, and its access token is refused within five seconds.
        """
        self._nothing("DELETE", f"/api/v1/auth/sessions/{quoted(session_id)}")

    def log_out_everywhere(self) -> None:
        """Log out everywhere.

        Ends all sessions, including the current one. API keys remain valid.
        """
        self._nothing("POST", "/api/v1/auth/logout-everywhere")

    def list_api_keys(self) -> models.ApiKeyList:
        """List API keys.

        The account's API keys, newest first. Expired keys are listed for 30 days.
        """
        return cast(models.ApiKeyList, self._json("GET", "/api/v1/auth/api-keys"))

    def create_api_key(self, body: models.ApiKeyBody) -> models.NewApiKeyAnswer:
        """Create an API key.

        Creates an API key. Only this response contains it, because its digest is stored.

        Later than ten minutes after the login, the account's `password` is required; without it the response is 403 with
        the type `recent-authentication-required`.
        """
        return cast(models.NewApiKeyAnswer, self._json("POST", "/api/v1/auth/api-keys", json=body))

    def revoke_api_key(self, key_id: str) -> None:
        """Revoke an API key.

        Revokes the key. Access tokens that it was exchanged for are refused within five seconds.
        """
        self._nothing("DELETE", f"/api/v1/auth/api-keys/{quoted(key_id)}")

    def exchange_api_key(self, body: models.ApiKeyExchange) -> models.ScopedTokenAnswer:
        """Exchange an API key for a token.

        Returns an access token with the scopes of the API key.
        """
        return cast(
            models.ScopedTokenAnswer, self._json("POST", "/api/v1/auth/api-keys/token", json=body, authenticated=False)
        )

    def read_jwks(self) -> models.KeySet:
        """Get the public keys.

        The public keys that verify tokens, as a JSON Web Key Set (RFC 7517).
        """
        return cast(models.KeySet, self._json("GET", "/.well-known/jwks.json", authenticated=False))

    def end_digests(self, *, token: str | None = None) -> None:
        """End digests by e-mail.

        Ends the digests of the mail's recipient, without a login. Mail programs call it (RFC 8058). Idempotent.
        """
        self._nothing("POST", "/api/v1/auth/unsubscriptions", params={"token": token}, authenticated=False)

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

        Your songs, filtered and sorted. Songs added meanwhile do not shift later pages.
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
        """Count values of your songs.

        Number of songs per value of each facet. `sort`, `limit` and `cursor` are ignored.
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

        Songs that can still be restored, the latest deleted first.
        """
        return cast(
            models.DeletedPage, self._json("GET", "/api/v1/songs/trash", params={"limit": limit, "cursor": cursor})
        )

    def get_song(self, song_id: str, *, if_none_match: str | None = None) -> models.SongAnswer:
        """Get a song.

        One of your songs, or a public or unlisted one.
        """
        return cast(
            models.SongAnswer,
            self._json("GET", f"/api/v1/songs/{quoted(song_id)}", headers={"if-none-match": if_none_match}),
        )

    def change_song(self, song_id: str, body: models.SongChanges, *, if_match: str | None = None) -> models.SongAnswer:
        """Change a song.

        Changes the given fields. With `If-Match`, only if the song is unchanged.
        """
        return cast(
            models.SongAnswer,
            self._json("PATCH", f"/api/v1/songs/{quoted(song_id)}", headers={"if-match": if_match}, json=body),
        )

    def delete_song(self, song_id: str, *, permanent: bool | None = None, if_match: str | None = None) -> None:
        """Delete a song.

        Moves the song to the trash, where it can be restored for 30 days. With `If-Match`, only if it is unchanged.
        """
        self._nothing(
            "DELETE",
            f"/api/v1/songs/{quoted(song_id)}",
            params={"permanent": permanent},
            headers={"if-match": if_match},
        )

    def restore_song(self, song_id: str) -> models.SongAnswer:
        """Restore a deleted song.

        Restores a song within 30 days of its deletion.
        """
        return cast(models.SongAnswer, self._json("POST", f"/api/v1/songs/{quoted(song_id)}/restore"))

    def remix_song(self, song_id: str) -> models.Remix:
        """Get the request for a remix.

        The request that generates a song with the same settings and another seed.
        """
        return cast(models.Remix, self._json("GET", f"/api/v1/songs/{quoted(song_id)}/remix"))

    def download_midi(self, song_id: str) -> bytes:
        """Download a song as MIDI.

        The MIDI file, named after the title. `Range`, `If-Range` and `If-None-Match` are honoured.
        """
        return self._bytes("GET", f"/api/v1/songs/{quoted(song_id)}/midi")

    def download_midi_stream(self, song_id: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `download_midi`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/songs/{quoted(song_id)}/midi")

    def download_original(self, song_id: str) -> bytes:
        """Download the uploaded file of an imported song.

        The file as it was uploaded, for the song's owner only, since it may hold more than the music.
        """
        return self._bytes("GET", f"/api/v1/songs/{quoted(song_id)}/original")

    def download_original_stream(self, song_id: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `download_original`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/songs/{quoted(song_id)}/original")

    def get_song_notes(self, song_id: str, *, version: int | None = None) -> models.NotesAnswer:
        """Get the notes of a song.

        Notes, tracks, tempos, meters, keys and estimated chords, as the product reads the song's MIDI file.
        """
        return cast(
            models.NotesAnswer, self._json("GET", f"/api/v1/songs/{quoted(song_id)}/notes", params={"version": version})
        )

    def preview_song_notes(self, song_id: str, body: models.NotesRequest) -> models.NotesPreview:
        """Preview edited notes.

        The MIDI file and the chords of edited notes, which are not saved: for prompts, and to save them as a new song
        with `POST /library/imports`. A body has at most 1 MiB, which is about 40,000 notes.
        """
        return cast(models.NotesPreview, self._json("POST", f"/api/v1/songs/{quoted(song_id)}/preview", json=body))

    def list_song_versions(self, song_id: str) -> models.VersionList:
        """List the versions of a song.

        All versions of one of your songs, the newest first. A song that was never edited has one.
        """
        return cast(models.VersionList, self._json("GET", f"/api/v1/songs/{quoted(song_id)}/versions"))

    def save_song_version(self, song_id: str, body: models.NotesRequest) -> models.SavedVersionAnswer:
        """Save edited notes as a new version.

        The new version becomes the current one; all earlier ones are kept. Versions that were saved elsewhere since
        `base_number` are listed in the response. A body has at most 1 MiB, which is about 40,000 notes.
        """
        return cast(
            models.SavedVersionAnswer, self._json("POST", f"/api/v1/songs/{quoted(song_id)}/versions", json=body)
        )

    def restore_song_version(self, song_id: str, number: int) -> models.SavedVersionAnswer:
        """Restore a version.

        Makes a copy of an earlier version the newest and current one.
        """
        return cast(
            models.SavedVersionAnswer,
            self._json("POST", f"/api/v1/songs/{quoted(song_id)}/versions/{quoted(number)}/restore"),
        )

    def download_song_version(self, song_id: str, number: int) -> bytes:
        """Download a version as MIDI.

        The MIDI file of any version of one of your songs.
        """
        return self._bytes("GET", f"/api/v1/songs/{quoted(song_id)}/versions/{quoted(number)}/midi")

    def download_song_version_stream(self, song_id: str, number: int) -> AbstractContextManager[ByteStream]:
        """Stream the result of `download_song_version`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/songs/{quoted(song_id)}/versions/{quoted(number)}/midi")

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
        """List and search public songs.

        Public songs, filtered and sorted: the newest, the most liked, of a style, of authors that you follow.
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
        """Count values of public songs.

        Number of songs per value of each facet. `sort`, `limit` and `cursor` are ignored.
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
        """Create a share link.

        Creates a link with which people without an account can listen to the song. Only this response has its token.

        The link of a guest ends with the guest; registering keeps it.
        """
        return cast(models.NewShareAnswer, self._json("POST", f"/api/v1/songs/{quoted(song_id)}/shares", json=body))

    def list_shares(self, song_id: str) -> models.ShareList:
        """List the share links of a song.

        The links that were not revoked, with their number of views.
        """
        return cast(models.ShareList, self._json("GET", f"/api/v1/songs/{quoted(song_id)}/shares"))

    def revoke_share(self, song_id: str, share_id: str) -> None:
        """Revoke a share link.

        Revokes the link with immediate effect.
        """
        self._nothing("DELETE", f"/api/v1/songs/{quoted(song_id)}/shares/{quoted(share_id)}")

    def open_share(self, token: str) -> models.SharedSong:
        """Open a share link.

        The song of a share link. Counts as one view.
        """
        return cast(
            models.SharedSong, self._json("GET", f"/api/v1/library/shared/{quoted(token)}", authenticated=False)
        )

    def download_shared_midi(self, token: str) -> bytes:
        """Download a shared song as MIDI.

        The MIDI file of a song whose link allows downloads.
        """
        return self._bytes("GET", f"/api/v1/library/shared/{quoted(token)}/midi", authenticated=False)

    def download_shared_midi_stream(self, token: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `download_shared_midi`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/library/shared/{quoted(token)}/midi", authenticated=False)

    def like_song(self, song_id: str) -> None:
        """Like a song.

        Likes the song. Idempotent.
        """
        self._nothing("PUT", f"/api/v1/songs/{quoted(song_id)}/like")

    def unlike_song(self, song_id: str) -> None:
        """Unlike a song.

        Removes your like. Idempotent.
        """
        self._nothing("DELETE", f"/api/v1/songs/{quoted(song_id)}/like")

    def list_liked_songs(self, *, limit: int | None = None, cursor: str | None = None) -> models.SongPage:
        """List liked songs.

        Songs that you like and may still read, the latest liked first.
        """
        return cast(
            models.SongPage, self._json("GET", "/api/v1/library/likes", params={"limit": limit, "cursor": cursor})
        )

    def list_comments(
        self,
        song_id: str,
        *,
        sort: models.CommentSort | None = None,
        parent: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.CommentPage:
        """List comments.

        The comments on a song, each with its first 20 replies, oldest first. With `parent`, all replies to a comment.

        Comments of users whom you have blocked are left out. A comment that was deleted or hidden by a moderator is listed
        only if it has replies, without text and author.
        """
        return cast(
            models.CommentPage,
            self._json(
                "GET",
                f"/api/v1/songs/{quoted(song_id)}/comments",
                params={"sort": sort, "parent": parent, "limit": limit, "cursor": cursor},
            ),
        )

    def comment_on_song(self, song_id: str, body: models.NewCommentBody) -> models.CommentAnswer:
        """Comment on a song.

        Adds a comment of up to 2,000 characters of plain text, or a reply to a comment (`parent_id`). `@name` mentions a
        user, who is notified. A comment can be pinned to a bar or a time of the piece (`position`). Answers 403 if the
        song's owner has closed comments or blocked you.
        """
        return cast(models.CommentAnswer, self._json("POST", f"/api/v1/songs/{quoted(song_id)}/comments", json=body))

    def edit_comment(self, comment_id: str, body: models.CommentChanges) -> models.CommentAnswer:
        """Edit a comment.

        Changes the text of your comment within 15 minutes. The comment is marked with the time (`edited_at`).
        """
        return cast(
            models.CommentAnswer, self._json("PATCH", f"/api/v1/library/comments/{quoted(comment_id)}", json=body)
        )

    def delete_comment(self, comment_id: str) -> None:
        """Delete a comment.

        Deletes a comment that you wrote, or one on a song of yours. Replies to it are kept.
        """
        self._nothing("DELETE", f"/api/v1/library/comments/{quoted(comment_id)}")

    def report_comment(self, comment_id: str, body: models.CommentReport) -> None:
        """Report a comment.

        Reports the comment to the moderators, who decide. You are notified of the decision. A second report of yours
        replaces the first.
        """
        self._nothing("PUT", f"/api/v1/library/comments/{quoted(comment_id)}/report", json=body)

    def get_author(self, author_id: str) -> models.AuthorAnswer:
        """Get an author.

        A user with public songs, or who has taken part in the community. The songs are at `/library/explore?author=`.
        """
        return cast(models.AuthorAnswer, self._json("GET", f"/api/v1/library/authors/{quoted(author_id)}"))

    def follow_author(self, author_id: str) -> None:
        """Follow an author.

        Follows the author. Idempotent. Their songs are at `/library/explore?following=true`.
        """
        self._nothing("PUT", f"/api/v1/library/authors/{quoted(author_id)}/follow")

    def unfollow_author(self, author_id: str) -> None:
        """Unfollow an author.

        Unfollows the author. Idempotent.
        """
        self._nothing("DELETE", f"/api/v1/library/authors/{quoted(author_id)}/follow")

    def list_blocked_users(self) -> models.BlockedUsers:
        """List blocked users.

        The users that you have blocked, the latest first.
        """
        return cast(models.BlockedUsers, self._json("GET", "/api/v1/library/blocked"))

    def block_user(self, author_id: str) -> None:
        """Block a user.

        Blocks the user: likes and comments on your songs, replies to you and follows are refused. You see none of their
        comments. Follows in both directions end. Idempotent.
        """
        self._nothing("PUT", f"/api/v1/library/authors/{quoted(author_id)}/block")

    def unblock_user(self, author_id: str) -> None:
        """Unblock a user.

        Unblocks the user. Idempotent.
        """
        self._nothing("DELETE", f"/api/v1/library/authors/{quoted(author_id)}/block")

    def list_followed_authors(self) -> models.Following:
        """List followed authors.

        The authors that you follow, the latest followed first.
        """
        return cast(models.Following, self._json("GET", "/api/v1/library/following"))

    def create_playlist(self, body: models.NewPlaylist) -> models.PlaylistAnswer:
        """Create a playlist.

        Creates an empty playlist.
        """
        return cast(models.PlaylistAnswer, self._json("POST", "/api/v1/library/playlists", json=body))

    def list_playlists(self, *, limit: int | None = None, cursor: str | None = None) -> models.PlaylistPage:
        """List your playlists.

        Your playlists, newest first.
        """
        return cast(
            models.PlaylistPage,
            self._json("GET", "/api/v1/library/playlists", params={"limit": limit, "cursor": cursor}),
        )

    def get_playlist(self, playlist_id: str) -> models.FullPlaylist:
        """Get a playlist.

        One of your playlists, or a public or unlisted one, with those of its songs that you may read.
        """
        return cast(models.FullPlaylist, self._json("GET", f"/api/v1/library/playlists/{quoted(playlist_id)}"))

    def change_playlist(
        self, playlist_id: str, body: models.PlaylistChanges, *, if_match: str | None = None
    ) -> models.PlaylistAnswer:
        """Change a playlist.

        Changes the given fields. With `If-Match`, only if the playlist is unchanged.
        """
        return cast(
            models.PlaylistAnswer,
            self._json(
                "PATCH", f"/api/v1/library/playlists/{quoted(playlist_id)}", headers={"if-match": if_match}, json=body
            ),
        )

    def delete_playlist(self, playlist_id: str, *, if_match: str | None = None) -> None:
        """Delete a playlist.

        Deletes the playlist permanently. Its songs are not deleted.
        """
        self._nothing("DELETE", f"/api/v1/library/playlists/{quoted(playlist_id)}", headers={"if-match": if_match})

    def put_playlist_songs(
        self, playlist_id: str, body: models.PlaylistSongs, *, if_match: str | None = None
    ) -> models.PlaylistAnswer:
        """Replace the songs of a playlist.

        Sets the songs and their order, to move, add or remove several at once.
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

        Appends the song. Idempotent.
        """
        return cast(
            models.PlaylistAnswer,
            self._json("PUT", f"/api/v1/library/playlists/{quoted(playlist_id)}/songs/{quoted(song_id)}"),
        )

    def remove_playlist_song(self, playlist_id: str, song_id: str) -> models.PlaylistAnswer:
        """Remove a song from a playlist.

        Removes the song. Idempotent.
        """
        return cast(
            models.PlaylistAnswer,
            self._json("DELETE", f"/api/v1/library/playlists/{quoted(playlist_id)}/songs/{quoted(song_id)}"),
        )

    def get_profile(self) -> models.ProfileAnswer:
        """Get your profile.

        What you show of yourself. Others see it at `/library/authors/{author_id}`.
        """
        return cast(models.ProfileAnswer, self._json("GET", "/api/v1/library/profile"))

    def put_profile(self, body: models.ProfileBody) -> models.ProfileAnswer:
        """Change your profile.

        Sets your display name and text. Songs and comments show the display name instead of the account's name.
        """
        return cast(models.ProfileAnswer, self._json("PUT", "/api/v1/library/profile", json=body))

    def put_picture(self, body: bytes) -> None:
        """Set your picture.

        Sets your picture: its middle, as a square, without metadata. PNG, JPEG and WebP are accepted.
        """
        self._nothing("PUT", "/api/v1/library/profile/picture", content=body, media_type="image/png")

    def delete_picture(self) -> None:
        """Remove your picture.

        Removes your picture. Idempotent.
        """
        self._nothing("DELETE", "/api/v1/library/profile/picture")

    def get_picture(self, author_id: str, *, v: str | None = None, if_none_match: str | None = None) -> bytes:
        """Get the picture of a user.

        The user's picture. With the current `v`, it can be cached for a year.
        """
        return self._bytes(
            "GET",
            f"/api/v1/library/profiles/{quoted(author_id)}/picture",
            params={"v": v},
            headers={"if-none-match": if_none_match},
            authenticated=False,
        )

    def get_picture_stream(
        self, author_id: str, *, v: str | None = None, if_none_match: str | None = None
    ) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_picture`, which is read while it arrives."""
        return self._stream(
            "GET",
            f"/api/v1/library/profiles/{quoted(author_id)}/picture",
            params={"v": v},
            headers={"if-none-match": if_none_match},
            authenticated=False,
        )

    def list_author_playlists(
        self, author_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> models.PlaylistPage:
        """List the public playlists of a user.

        The user's public playlists, newest first.
        """
        return cast(
            models.PlaylistPage,
            self._json(
                "GET",
                f"/api/v1/library/authors/{quoted(author_id)}/playlists",
                params={"limit": limit, "cursor": cursor},
            ),
        )

    def list_followers(self, author_id: str, *, limit: int | None = None) -> models.Followers:
        """List the followers of a user.

        The latest users who follow the user.
        """
        return cast(
            models.Followers,
            self._json("GET", f"/api/v1/library/authors/{quoted(author_id)}/followers", params={"limit": limit}),
        )

    def get_lineage(self, song_id: str) -> models.LineageAnswer:
        """Get the lineage of a song.

        The song that it derives from, and up to 20 songs that derive from it.
        """
        return cast(models.LineageAnswer, self._json("GET", f"/api/v1/songs/{quoted(song_id)}/lineage"))

    def list_notifications(
        self, *, limit: int | None = None, cursor: str | None = None, unread: bool | None = None
    ) -> models.NotificationPage:
        """List notifications.

        Notifications of the last 180 days, newest first.
        """
        return cast(
            models.NotificationPage,
            self._json(
                "GET", "/api/v1/library/notifications", params={"limit": limit, "cursor": cursor, "unread": unread}
            ),
        )

    def follow_notifications(self, *, last_event_id: str | None = None) -> Iterator[Event]:
        """Follow notifications.

        Stream server-sent events named `notifications`: at once and after every change, `unread_count` and `latest`, the
        newest unread notification, or null if it was sent before. The stream ends after nine minutes; open another one.
        """
        return self._events("GET", "/api/v1/library/notifications/events", headers={"last-event-id": last_event_id})

    def read_all_notifications(self, body: models.ReadUntil) -> None:
        """Mark all notifications as read.

        Marks all notifications as read, or those up to `until`.
        """
        self._nothing("PUT", "/api/v1/library/notifications/read", json=body)

    def read_notification(self, notification_id: str) -> None:
        """Mark a notification as read.

        Marks the notification as read. Idempotent.
        """
        self._nothing("PUT", f"/api/v1/library/notifications/{quoted(notification_id)}/read")

    def unread_notification(self, notification_id: str) -> None:
        """Mark a notification as unread.

        Marks the notification as unread. Idempotent.
        """
        self._nothing("DELETE", f"/api/v1/library/notifications/{quoted(notification_id)}/read")

    def get_notification_settings(self) -> models.NotificationSettingsBody:
        """Get the settings of notifications.

        Your settings, with every kind of event.
        """
        return cast(models.NotificationSettingsBody, self._json("GET", "/api/v1/library/notification-settings"))

    def put_notification_settings(self, body: models.NotificationSettingsBody) -> models.NotificationSettingsBody:
        """Set the settings of notifications.

        Replaces your settings. They apply to what happens from now on.
        """
        return cast(
            models.NotificationSettingsBody, self._json("PUT", "/api/v1/library/notification-settings", json=body)
        )

    def list_reported_comments(self, *, limit: int | None = None) -> models.ReportedComments:
        """List reported comments.

        Comments with open reports, those with the most reports first.
        """
        return cast(
            models.ReportedComments, self._json("GET", "/api/v1/library/moderation/reports", params={"limit": limit})
        )

    def decide_reports(self, comment_id: str, body: models.DecisionBody) -> None:
        """Decide the reports of a comment.

        Closes the reports of the comment, and notifies its author and those who reported it.
        """
        self._nothing("POST", f"/api/v1/library/moderation/comments/{quoted(comment_id)}/decision", json=body)

    def list_bans(self, *, limit: int | None = None) -> models.Bans:
        """List banned users.

        Bans that have not ended, the latest first.
        """
        return cast(models.Bans, self._json("GET", "/api/v1/library/moderation/bans", params={"limit": limit}))

    def end_ban(self, author_id: str) -> None:
        """End a ban.

        Ends the ban of the user.
        """
        self._nothing("DELETE", f"/api/v1/library/moderation/bans/{quoted(author_id)}")

    def list_moderation_log(self, *, limit: int | None = None, cursor: str | None = None) -> models.LogPage:
        """List decisions of moderators.

        Who decided what, newest first. Entries are never changed.
        """
        return cast(
            models.LogPage,
            self._json("GET", "/api/v1/library/moderation/log", params={"limit": limit, "cursor": cursor}),
        )

    def list_webhooks(self) -> models.WebhookList:
        """List webhooks.

        Your webhooks, without their secrets.
        """
        return cast(models.WebhookList, self._json("GET", "/api/v1/library/webhooks"))

    def add_webhook(self, body: models.NewWebhook) -> models.NewWebhookAnswer:
        """Add a webhook.

        Events of your notifications are sent to the address by POST, at least once, as JSON with `id`, `type`,
        `timestamp` and `data`. They are signed as in Standard Webhooks (`webhook-id`, `webhook-timestamp`,
        `webhook-signature`). An answer other than 2xx is repeated for two days; then the delivery is dead.
        """
        return cast(models.NewWebhookAnswer, self._json("POST", "/api/v1/library/webhooks", json=body))

    def change_webhook(self, webhook_id: str, body: models.WebhookChanges) -> models.WebhookAnswer:
        """Change a webhook.

        Sets the kinds of events. Deliveries that exist already are not changed.
        """
        return cast(
            models.WebhookAnswer, self._json("PATCH", f"/api/v1/library/webhooks/{quoted(webhook_id)}", json=body)
        )

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook.

        Removes the webhook with its deliveries.
        """
        self._nothing("DELETE", f"/api/v1/library/webhooks/{quoted(webhook_id)}")

    def test_webhook(self, webhook_id: str) -> None:
        """Test a webhook.

        Sends an event of the type `ping`. Its delivery is listed like those of other events.
        """
        self._nothing("POST", f"/api/v1/library/webhooks/{quoted(webhook_id)}/test")

    def retry_dead_deliveries(self, webhook_id: str) -> None:
        """Repeat all dead deliveries.

        Sends the events of all dead deliveries again, with all attempts.
        """
        self._nothing("POST", f"/api/v1/library/webhooks/{quoted(webhook_id)}/retry")

    def list_deliveries(
        self,
        webhook_id: str,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: models.DeliveryState | None = None,
    ) -> models.DeliveryPage:
        """List deliveries.

        Events for the webhook of the last 30 days, newest first; with `state=dead`, those that were not delivered.
        """
        return cast(
            models.DeliveryPage,
            self._json(
                "GET",
                f"/api/v1/library/webhooks/{quoted(webhook_id)}/deliveries",
                params={"limit": limit, "cursor": cursor, "state": state},
            ),
        )

    def retry_delivery(self, webhook_id: str, delivery_id: str) -> None:
        """Repeat a delivery.

        Sends the event again, with all attempts, whatever the state of the delivery.
        """
        self._nothing("POST", f"/api/v1/library/webhooks/{quoted(webhook_id)}/deliveries/{quoted(delivery_id)}/retry")

    def import_song(
        self, body: bytes, *, title: str | None = None, filename: str | None = None, idempotency_key: str | None = None
    ) -> models.SongAnswer:
        """Import a MIDI file.

        Creates a song from the file. The song's MIDI file is the uploaded one as the product writes it: with equal notes
        and controllers, and without damage. Its measures, tempo and instruments are determined from the music; key and
        meter are those that the file states, and the key is estimated where it states none. The owner can download the
        uploaded file from `/songs/{song_id}/original`.
        """
        return cast(
            models.SongAnswer,
            self._json(
                "POST",
                "/api/v1/library/imports",
                params={"title": title, "filename": filename},
                headers={"idempotency-key": idempotency_key},
                content=body,
                media_type="audio/midi",
            ),
        )

    def get_library_usage(self) -> models.StorageUsageAnswer:
        """Get the size of your library.

        The number of songs and their bytes, with the limits. At a limit, imports and generations are refused with 403
        and the type `storage-full` until songs are deleted permanently.
        """
        return cast(models.StorageUsageAnswer, self._json("GET", "/api/v1/library/usage"))

    def export_library(self) -> bytes:
        """Export your library.

        A ZIP archive of your songs as MIDI with their metadata as JSON, your playlists, comments, reports,
        likes, follows and share links.

        The account's other data are exported by `/api/v1/auth/me/export` and `/api/v1/generations/export`.
        """
        return self._bytes("GET", "/api/v1/library/export")

    def export_library_stream(self) -> AbstractContextManager[ByteStream]:
        """Stream the result of `export_library`, which is read while it arrives."""
        return self._stream("GET", "/api/v1/library/export")

    def create_generation(
        self, body: models.GenerationRequest, *, prefer: str | None = None, idempotency_key: str | None = None
    ) -> models.OrderView:
        """Create a generation.

        Compose a piece or several variations. With an account, finished pieces become songs in your library.

        Returns 202 at once, or with `Prefer: wait=N` the finished generation if it ends within N seconds.
        """
        return cast(
            models.OrderView,
            self._json(
                "POST", "/api/v1/generations", headers={"prefer": prefer, "Idempotency-Key": idempotency_key}, json=body
            ),
        )

    def export_generations(self) -> models.GenerationExport:
        """Export your generations.

        All generations of the account with their requests and results, also those that failed or were cancelled.
        """
        return cast(models.GenerationExport, self._json("GET", "/api/v1/generations/export"))

    def get_pieces_usage(self) -> models.PiecesUsageView:
        """Get the number of today's pieces.

        The pieces that were requested today, with the limit. At the limit, requests are refused with 429 and the type
        `daily-quota-reached`.
        """
        return cast(models.PiecesUsageView, self._json("GET", "/api/v1/generations/usage"))

    def get_generation(self, generation_id: str) -> models.GenerationView:
        """Get a generation.

        Get the state of a generation; while it is queued, with its position in the queue.
        """
        return cast(models.GenerationView, self._json("GET", f"/api/v1/generations/{quoted(generation_id)}"))

    def cancel_generation(self, generation_id: str, *, keep: bool | None = None) -> models.GenerationView:
        """Cancel a generation.

        Cancel a generation. If it has already ended, it is unchanged and its piece is kept.
        """
        return cast(
            models.GenerationView,
            self._json("DELETE", f"/api/v1/generations/{quoted(generation_id)}", params={"keep": keep}),
        )

    def follow_generation(
        self, generation_id: str, *, notes: bool | None = None, last_event_id: str | None = None
    ) -> Iterator[Event]:
        """Follow a generation.

        Stream server-sent events: `queued`, `started`, `progress` and `notes`, then `done`, `failed` or `cancelled`.

        The data of `notes` are the notes since the last such event, with the index of each note's track and the program of
        each track; the data of all other events are the generation, as from GET. A generation that waits longer than a
        second sends `queued` with its position in the queue, and again whenever the position changes. The stream ends after
        the last event.
        """
        return self._events(
            "GET",
            f"/api/v1/generations/{quoted(generation_id)}/events",
            params={"notes": notes},
            headers={"last-event-id": last_event_id},
        )

    def get_generation_midi(self, generation_id: str) -> bytes:
        """Download a generation as MIDI.

        Download the MIDI file of a finished generation.
        """
        return self._bytes("GET", f"/api/v1/generations/{quoted(generation_id)}/midi")

    def get_generation_midi_stream(self, generation_id: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_generation_midi`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/generations/{quoted(generation_id)}/midi")

    def get_generation_pianoroll(self, generation_id: str) -> bytes:
        """Get a generation's piano roll.

        Get the piano roll of a finished generation as SVG.
        """
        return self._bytes("GET", f"/api/v1/generations/{quoted(generation_id)}/pianoroll")

    def get_generation_pianoroll_stream(self, generation_id: str) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_generation_pianoroll`, which is read while it arrives."""
        return self._stream("GET", f"/api/v1/generations/{quoted(generation_id)}/pianoroll")

    def list_models(self) -> models.ModelList:
        """List models.

        List the loaded models with the limits of their parameters.
        """
        return cast(models.ModelList, self._json("GET", "/api/v1/models", authenticated=False))

    def interpret_piece_description(self, body: models.DescriptionRequest) -> models.InterpretationView:
        """Interpret a description.

        Turn a description such as "a sad waltz for strings in D minor, 40 seconds" into a generation request.

        English and Spanish are understood, by a documented vocabulary. Nothing is composed or stored.
        """
        return cast(
            models.InterpretationView,
            self._json("POST", "/api/v1/models/interpretations", json=body, authenticated=False),
        )

    def get_model(self, name: str) -> models.ModelCard:
        """Get a model.

        Get the description of a model, its parameters, its terms of use and the measures of its music.
        """
        return cast(models.ModelCard, self._json("GET", f"/api/v1/models/{quoted(name)}", authenticated=False))

    def get_model_sample(self, name: str, *, style: str | None = None) -> bytes:
        """Download a model's sample.

        Download a short piece composed by the model, as MIDI. It is part of the bundle and fixed for a version.
        """
        return self._bytes("GET", f"/api/v1/models/{quoted(name)}/sample", params={"style": style}, authenticated=False)

    def get_model_sample_stream(self, name: str, *, style: str | None = None) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_model_sample`, which is read while it arrives."""
        return self._stream(
            "GET", f"/api/v1/models/{quoted(name)}/sample", params={"style": style}, authenticated=False
        )

    def create_comparison(
        self, body: models.ComparisonRequest, *, prefer: str | None = None, idempotency_key: str | None = None
    ) -> models.ComparisonView:
        """Create a comparison.

        Compose one piece per variant, all with the same seed and prompt, by one model or several.

        Each is a generation with its own events, measures and MIDI file. Status codes are those of `POST /generations`.
        """
        return cast(
            models.ComparisonView,
            self._json(
                "POST", "/api/v1/comparisons", headers={"prefer": prefer, "Idempotency-Key": idempotency_key}, json=body
            ),
        )

    def get_comparison(self, comparison_id: str) -> models.ComparisonView:
        """Get a comparison.

        Get the current state of all generations of a comparison.
        """
        return cast(models.ComparisonView, self._json("GET", f"/api/v1/comparisons/{quoted(comparison_id)}"))

    def create_listening_pair(self, body: models.PairRequest, *, prefer: str | None = None) -> models.PairView:
        """Create a pair for the listening test.

        Pair the beginning of a piece by a person with one that the default model composes now.

        Both have the same style, instruments, key, meter, tempo and number of bars. Needs no account; the limits of
        anonymous users apply. A pair can be played and answered for two hours. `Prefer: wait=N` waits for the composed
        piece.
        """
        return cast(
            models.PairView,
            self._json("POST", "/api/v1/listening/pairs", headers={"prefer": prefer}, json=body, authenticated=False),
        )

    def get_listening_pair(self, pair_id: str, *, prefer: str | None = None) -> models.PairView:
        """Get a pair.

        Get the state of a pair, once both pieces can be played or after the wait of `Prefer`.
        """
        return cast(
            models.PairView,
            self._json(
                "GET", f"/api/v1/listening/pairs/{quoted(pair_id)}", headers={"prefer": prefer}, authenticated=False
            ),
        )

    def get_listening_midi(self, pair_id: str, side: models.Side) -> bytes:
        """Download a piece of a pair as MIDI.

        Download one piece. Both files differ in nothing but the pitches, onsets and durations of their notes.
        """
        return self._bytes("GET", f"/api/v1/listening/pairs/{quoted(pair_id)}/{quoted(side)}/midi", authenticated=False)

    def get_listening_midi_stream(self, pair_id: str, side: models.Side) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_listening_midi`, which is read while it arrives."""
        return self._stream(
            "GET", f"/api/v1/listening/pairs/{quoted(pair_id)}/{quoted(side)}/midi", authenticated=False
        )

    def answer_listening_pair(self, pair_id: str, body: models.AnswerRequest) -> models.PairView:
        """Answer a pair.

        State which piece you like better and which you believe to be by a person. `reveal` tells which one it is.

        A pair can be answered once. Stored are the answer, its time and the pair, but no address and no account.
        """
        return cast(
            models.PairView,
            self._json("POST", f"/api/v1/listening/pairs/{quoted(pair_id)}/answer", json=body, authenticated=False),
        )

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
        """Play or download a song as audio.

        The song's audio. The first request renders it, and receives the audio while it is rendered. `Range`, `If-Range`
        and `If-None-Match` are honoured from the first request on.

        Without a login, public and unlisted songs are available, and the song of the share link in `share`. The length is
        known from the start for MP3 with a constant bit rate, WAV and Opus, and after the first render for FLAC, Ogg Vorbis
        and MP3 with a variable bit rate.
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
        """Render a song in advance.

        Renders the song in these formats in the background, so that playback starts at once and seeking is unrestricted.
        Idempotent: a repeated request reports the progress and renders nothing again.
        """
        return cast(models.RenditionList, self._json("POST", f"/api/v1/audio/{quoted(song_id)}/renditions", json=body))

    def convert_midi(self, file: bytes, fields: dict[str, Any] | None = None) -> bytes:
        """Convert a MIDI file to audio.

        The audio of the uploaded file, sent while it is rendered. Equal uploads share the rendered audio.
        """
        return self._bytes("POST", "/api/v1/conversions", files={"file": file}, data=fields)

    def convert_midi_stream(
        self, file: bytes, fields: dict[str, Any] | None = None
    ) -> AbstractContextManager[ByteStream]:
        """Stream the result of `convert_midi`, which is read while it arrives."""
        return self._stream("POST", "/api/v1/conversions", files={"file": file}, data=fields)

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
        """Draw a song as a piano roll.

        Time from left to right, pitch from bottom to top, a colour per track, louder notes stronger. Available to
        all users who may read the song, including holders of a share link.
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

    def get_song_score(
        self,
        song_id: str,
        format_: models.ScoreFormat,
        *,
        page: int | None = None,
        layout: models.ScoreLayout | None = None,
        language: Literal["en", "es"] | None = None,
        download: bool | None = None,
        share: str | None = None,
    ) -> bytes:
        """Get a song as sheet music.

        MusicXML for notation programs, PDF for printing, one page as SVG for showing, and ABC for tunes with one melody.
        Songs in free time are quantized to sixteenths and triplets. Available to all users who may read the song; a share
        link that allows listening only shows SVG.
        """
        return self._bytes(
            "GET",
            f"/api/v1/scores/{quoted(song_id)}.{quoted(format_)}",
            params={"page": page, "layout": layout, "language": language, "download": download, "share": share},
        )

    def get_song_score_stream(
        self,
        song_id: str,
        format_: models.ScoreFormat,
        *,
        page: int | None = None,
        layout: models.ScoreLayout | None = None,
        language: Literal["en", "es"] | None = None,
        download: bool | None = None,
        share: str | None = None,
    ) -> AbstractContextManager[ByteStream]:
        """Stream the result of `get_song_score`, which is read while it arrives."""
        return self._stream(
            "GET",
            f"/api/v1/scores/{quoted(song_id)}.{quoted(format_)}",
            params={"page": page, "layout": layout, "language": language, "download": download, "share": share},
        )

    def list_soundfonts(self) -> models.SoundFontList:
        """List SoundFonts and instruments.

        The available SoundFonts with their licences, and the names of the instruments.
        """
        return cast(models.SoundFontList, self._json("GET", "/api/v1/soundfonts", authenticated=False))

    def download_song_stems(
        self,
        song_id: str,
        *,
        format_: models.AudioFormat | str | None = None,
        sample_rate: int | None = None,
        bit_depth: int | None = None,
        bitrate: int | None = None,
        soundfont: str | None = None,
        reverb: float | None = None,
        share: str | None = None,
    ) -> bytes:
        """Download a song's tracks.

        A ZIP archive with one file for each track, named after it. All files begin with the first bar and have equal
        length, so that they fit together in any program; the audio of all tracks together is that of the song. The archive
        is sent while it is created.
        """
        return self._bytes(
            "GET",
            f"/api/v1/stems/{quoted(song_id)}.zip",
            params={
                "format": format_,
                "sample_rate": sample_rate,
                "bit_depth": bit_depth,
                "bitrate": bitrate,
                "soundfont": soundfont,
                "reverb": reverb,
                "share": share,
            },
        )

    def download_song_stems_stream(
        self,
        song_id: str,
        *,
        format_: models.AudioFormat | str | None = None,
        sample_rate: int | None = None,
        bit_depth: int | None = None,
        bitrate: int | None = None,
        soundfont: str | None = None,
        reverb: float | None = None,
        share: str | None = None,
    ) -> AbstractContextManager[ByteStream]:
        """Stream the result of `download_song_stems`, which is read while it arrives."""
        return self._stream(
            "GET",
            f"/api/v1/stems/{quoted(song_id)}.zip",
            params={
                "format": format_,
                "sample_rate": sample_rate,
                "bit_depth": bit_depth,
                "bitrate": bitrate,
                "soundfont": soundfont,
                "reverb": reverb,
                "share": share,
            },
        )

    def get_audio_usage(self) -> models.AudioUsageAnswer:
        """Get the amount of rendered audio.

        Only audio that was not rendered before counts. At a limit, requests for new audio are refused with 429 and the
        type `render-budget-reached` or `too-many-renders`. Each process of the converter counts for itself.
        """
        return cast(models.AudioUsageAnswer, self._json("GET", "/api/v1/audio/usage"))
