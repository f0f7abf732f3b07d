"""HTTP connections to one server: proxy and certificates from the environment, and errors that name what failed."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from httpx_sse import SSEError

from euterpe_client.errors import ConfigurationError, ConnectionFailed, InvalidResponse

_CONNECT_TIMEOUT_SECONDS = 5.0


class Connection:
    """An HTTP client for one server, which reaches it directly or through the proxy that the environment names.

    Proxies are read from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, certificates from SSL_CERT_FILE and
    SSL_CERT_DIR. Raises ConfigurationError if the URL or one of these settings is invalid.
    """

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        try:
            self._url = _parse_url(url)
        except ValueError as error:
            raise ConfigurationError(f"{url!r} is not a valid URL: {error}") from error
        if self._url.scheme not in ("http", "https"):
            raise ConfigurationError(f"{url!r} is not a valid URL; it must begin with http:// or https://")
        self.server = str(self._url.copy_with(username=None, password=None)).rstrip("/")
        proxy = _find_proxy(self._url)
        self.proxy = str(proxy.url).rstrip("/") if proxy else None
        uses_tls = self._url.scheme == "https" or (proxy is not None and proxy.url.scheme == "https")
        # Plain HTTP works without certificates; redirects, which could lead to TLS, are not followed.
        context = _create_ssl_context() if uses_tls else None
        if proxy is not None and proxy.url.scheme == "https":
            proxy.ssl_context = context
        # `trust_env` is off because httpx cannot parse NO_PROXY=[::1]; the proxy is already resolved.
        self.http = httpx.Client(
            base_url=self._url,
            proxy=proxy,
            verify=context or False,
            trust_env=False,
            timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_TIMEOUT_SECONDS),
        )

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turn the errors of httpx into ConnectionFailed and InvalidResponse."""
        try:
            yield
        except (SSEError, httpx.DecodingError) as error:
            raise InvalidResponse(f"the response of {self.server} cannot be decoded: {error}") from error
        except httpx.TransportError as error:
            raise ConnectionFailed(self._describe(error), self.proxy) from error

    def _describe(self, error: httpx.TransportError) -> str:
        reason = _reason(error)
        if isinstance(error, httpx.ProxyError):
            return f"the proxy {self.proxy} did not connect to {self.server}: {reason}"
        if _has_tls_cause(error):
            return f"the TLS connection to {self.server}{self._through_proxy()} failed: {reason}"
        if self.proxy and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return f"the proxy {self.proxy} cannot be reached: {reason}"
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return f"{self.server} cannot be reached: {reason}"
        if isinstance(error, httpx.TimeoutException):
            return f"{self.server}{self._through_proxy()} did not respond in time"
        return f"the connection to {self.server}{self._through_proxy()} broke: {reason}"

    def _through_proxy(self) -> str:
        return f" (through the proxy {self.proxy})" if self.proxy else ""


def _find_proxy(url: httpx.URL) -> httpx.Proxy | None:
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    # NO_PROXY may name an IPv6 address with or without brackets.
    if not address or proxy_bypass(url.netloc.decode("ascii")) or proxy_bypass(url.host):
        return None
    try:
        return httpx.Proxy(_parse_url(address if "://" in address else f"http://{address}"))
    except ValueError as error:
        # A proxy URL may hold a password before the @.
        shown = address.rpartition("@")[2]
        remedy = "set HTTP_PROXY, HTTPS_PROXY or ALL_PROXY to a URL such as http://proxy:3128 or socks5://proxy:1080"
        raise ConfigurationError(f"the proxy {shown!r} is not valid; {remedy}") from error


def _parse_url(text: str) -> httpx.URL:
    """Parse an absolute URL. Raises ValueError if the host or the port is invalid, which httpx notices in part."""
    parts = urlsplit(text)
    if not parts.hostname or parts.port == 0:
        raise ValueError("the host name is missing" if parts.port != 0 else "the port must be from 1 to 65535")
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    url.host.encode("idna")
    return url


def _create_ssl_context() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        name = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
        source = f"{name}={os.environ.get(name, '')}"
        reason = error.strerror or str(error)
        raise ConfigurationError(f"the TLS certificates cannot be loaded from {source}: {reason}") from error


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text.partition("] ")[2] if text.startswith("[Errno ") else text.rstrip(".")


def _has_tls_cause(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
