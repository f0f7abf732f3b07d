"""The API client of a server, logged in with the stored credentials if there are any."""

from types import TracebackType
from typing import Self

import altcha
from euterpe_client import ApiError, Euterpe, models

from euterpe_cli.credentials import Credentials, CredentialStore
from euterpe_cli.errors import NotLoggedIn, SecondFactorRequired

#: Someone waits at a terminal; a busy server is reported sooner than a program would want.
_MAX_RETRY_WAIT_SECONDS = 10.0
_MAX_PAGE_SONGS = 100


class Session:
    """A server and the login that is stored for it. `client` renews the access token when needed."""

    def __init__(self, server: str, store: CredentialStore) -> None:
        self.server = server
        self._store = store
        self.client = self._connect(has_login=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def register(self, username: str, password: str) -> list[str]:
        """Create an account, log in, and return recovery codes. A login that cannot be stored is noticed before."""
        with self._store.locked(), self._connect(has_login=False) as anonymous:
            account: models.Registration = {"username": username, "password": password}
            if proof := _registration_proof(anonymous):
                account["proof"] = proof
            created = anonymous.register_user(account)
            self._log_in(username, password)
        # Servers before recovery codes return none.
        return list(created.get("recovery_codes") or [])

    def log_in(self, username: str, password: str, code: str | None = None) -> None:
        """Log in and store the tokens. Raises SecondFactorRequired if the account needs a code."""
        with self._store.locked():
            try:
                self._log_in(username, password, code)
            except ApiError as error:
                if error.type.endswith("/second-factor-required"):
                    raise SecondFactorRequired("This account needs a code; pass it with --code.") from error
                raise

    def log_out(self) -> str | None:
        """Delete the stored login and end it at the server. Returns its user name, None if there was none."""
        with self._store.locked():
            credentials = self._store.load(self.server)
            if credentials is None:
                return None
            self._store.save(self.server, None)
        self.client.log_out({"refresh_token": credentials.refresh_token})
        return credentials.username

    def list_songs(self, search: str, limit: int) -> list[models.SongAnswer]:
        """Return the newest songs of the user, over as many pages as needed. Raises NotLoggedIn."""
        if self._store.load(self.server) is None:
            raise NotLoggedIn(f"You are not logged in at {self.server}; log in with `euterpe login`.")
        songs: list[models.SongAnswer] = []
        cursor: str | None = None
        while len(songs) < limit:
            size = min(_MAX_PAGE_SONGS, limit - len(songs))
            page = self.client.list_songs(q=search or None, limit=size, cursor=cursor)
            songs += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return songs

    def _connect(self, *, has_login: bool) -> Euterpe:
        return Euterpe(
            self.server,
            access_token=self._access_token if has_login else None,
            max_retry_wait_seconds=_MAX_RETRY_WAIT_SECONDS,
        )

    def _log_in(self, username: str, password: str, code: str | None = None) -> None:
        form: models.PasswordForm = {"grant_type": "password", "username": username, "password": password}
        if code is not None:
            form["code"] = code
        tokens = self.client.create_token(form)
        self._store.save(self.server, Credentials.from_tokens(username, tokens))

    def _access_token(self) -> str | None:
        credentials = self._store.load(self.server)
        if credentials is not None and credentials.is_stale:
            with self._store.locked():
                credentials = self._renewed_credentials()
        return credentials.access_token if credentials else None

    def _renewed_credentials(self) -> Credentials:
        # Another process may have renewed the tokens, or logged out, while this one waited for the lock.
        credentials = self._store.load(self.server)
        if credentials is None:
            raise NotLoggedIn("You were logged out; log in again with `euterpe login`.")
        if not credentials.is_stale:
            return credentials
        try:
            tokens = self.client.refresh_token({"refresh_token": credentials.refresh_token})
        except ApiError as error:
            if error.status != 401:
                raise
            self._store.save(self.server, None)
            raise NotLoggedIn("Your login has expired; log in again with `euterpe login`.") from error
        renewed = Credentials.from_tokens(credentials.username, tokens)
        self._store.save(self.server, renewed)
        return renewed


def _registration_proof(client: Euterpe) -> str | None:
    """Solve the challenge of a server that requires proof of work to register, which takes seconds."""
    try:
        challenge = client.get_registration_challenge()["challenge"]
    except ApiError as error:
        # Servers of earlier versions have no challenges.
        if error.status == 404:
            return None
        raise
    if challenge is None:
        return None
    parsed = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(parsed)
    return None if solution is None else altcha.Payload(parsed, solution).to_base64()
