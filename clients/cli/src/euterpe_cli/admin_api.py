"""Calls of the services' internal API with an operator's token."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

from euterpe_cli.errors import CliError, InvalidSettings

_SERVICES: Final = ("auth", "generator", "library")
_TIMEOUT_SECONDS: Final = 30.0


class AdminApi:
    """The internal addresses of the services, and the client that may use them.

    On one machine they are read from the data directory. Elsewhere they are `EUTERPE_ADMIN_AUTH_URL`,
    `EUTERPE_ADMIN_GENERATOR_URL`, `EUTERPE_ADMIN_LIBRARY_URL`, `EUTERPE_ADMIN_CLIENT` (default `operator`) and
    `EUTERPE_ADMIN_SECRET`.
    """

    def __init__(self, addresses: Mapping[str, str], client: str, secret: str) -> None:
        self._addresses = dict(addresses)
        self._credentials = (client, secret)
        self._token: str | None = None

    @classmethod
    def from_environment(cls, data: Path) -> "AdminApi":
        """Read the settings. Raises InvalidSettings."""
        given = {name: os.environ.get(f"EUTERPE_ADMIN_{name.upper()}_URL", "") for name in _SERVICES}
        client = os.environ.get("EUTERPE_ADMIN_CLIENT", "operator")
        if any(given.values()):
            secret = os.environ.get("EUTERPE_ADMIN_SECRET", "")
            missing = [f"EUTERPE_ADMIN_{name.upper()}_URL" for name, url in given.items() if not url]
            missing += [] if secret else ["EUTERPE_ADMIN_SECRET"]
            if missing:
                raise InvalidSettings(f"Set {', '.join(missing)} as well.")
            return cls(given, client, secret)
        try:
            addresses = json.loads((data / "services.json").read_text())
            secret = json.loads((data / "secrets.json").read_text())["client_secrets"][client]
        except (OSError, ValueError, KeyError) as error:
            raise InvalidSettings(
                f"{data} is not the data directory of a product that runs here; name it with --data, or set "
                "EUTERPE_ADMIN_AUTH_URL and the other addresses."
            ) from error
        return cls(addresses, client, secret)

    def get(self, service: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of a resource below `/internal/admin`. Raises CliError."""
        return self.send("GET", service, path, query)

    def send(
        self,
        method: str,
        service: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send a request below `/internal/admin`, and return the JSON of the response, if any. Raises CliError."""
        url = f"{self._addresses[service].rstrip('/')}/internal/admin{quote(path)}"
        headers = {"Authorization": f"Bearer {self._access()}"}
        response = self._request(method, url, params=dict(query or {}), headers=headers, json=body)
        return response.json() if response.content else None

    def _access(self) -> str:
        if self._token is None:
            url = f"{self._addresses['auth'].rstrip('/')}/api/v1/auth/service-token"
            form = {"grant_type": "client_credentials"}
            self._token = str(self._request("POST", url, data=form, auth=self._credentials).json()["access_token"])
        return self._token

    def _request(self, method: str, url: str, **options: Any) -> httpx.Response:
        try:
            # Internal addresses are not reached through a proxy.
            response = httpx.request(method, url, timeout=_TIMEOUT_SECONDS, trust_env=False, **options)
        except httpx.HTTPError as error:
            raise CliError(f"{url} does not respond ({error}). Check that the service is running.") from error
        if response.is_success:
            return response
        try:
            detail = str(response.json()["detail"])
        except (ValueError, KeyError, TypeError):
            detail = f"{url} returned HTTP status {response.status_code}."
        raise CliError(detail)
