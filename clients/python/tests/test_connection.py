"""Proxies, certificates and URLs: which are used, and which error a wrong one gives."""

from pathlib import Path
from typing import Any

import pytest
from euterpe_client import ConfigurationError, ConnectionFailed, Euterpe

Server = Any
MODELS = (200, {}, b'{"items": []}')


@pytest.mark.parametrize("value", ["127.0.0.1", "::1,127.0.0.1", "[::1],127.0.0.1", "*", "x, 127.0.0.1 "])
def test_no_proxy_is_respected(server: Server, monkeypatch: pytest.MonkeyPatch, closed_port: int, value: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_PROXY", value)
    server.responses = [MODELS]
    with Euterpe(server.url) as euterpe:
        assert euterpe.list_models() == {"items": []}
        assert euterpe.proxy is None


@pytest.mark.parametrize("value", ["::1", "[::1]", "[::1]:8080"])
def test_no_proxy_names_ipv6_addresses(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", value)
    assert Euterpe("http://[::1]:8080").proxy is None
    assert Euterpe("http://[::2]:8080").proxy == "http://127.0.0.1:1"


def test_requests_go_through_the_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.removeprefix("http://"))
    server.responses = [MODELS]
    with Euterpe("http://music.example") as euterpe:
        euterpe.list_models()
    assert server.paths == ["GET http://music.example/api/v1/models"]


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
def test_unreachable_proxy_is_named_instead_of_the_server(
    monkeypatch: pytest.MonkeyPatch, closed_port: int, scheme: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://user:secret@127.0.0.1:{closed_port}")
    with Euterpe("http://music.example") as euterpe, pytest.raises(ConnectionFailed) as raised:
        euterpe.list_models()
    assert str(raised.value) == f"the proxy {scheme}://127.0.0.1:{closed_port} cannot be reached: Connection refused"


def test_proxy_that_refuses_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    with Euterpe("https://music.example") as euterpe, pytest.raises(ConnectionFailed, match=f"the proxy {server.url} "):
        euterpe.list_models()


@pytest.mark.parametrize("address", ["socks4://127.0.0.1:1", "http://127.0.0.1:port", "ftp://user:secret@x", "http://"])
def test_malformed_proxy_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", address)
    with pytest.raises(ConfigurationError, match="proxy") as raised:
        Euterpe("http://music.example")
    assert "secret" not in str(raised.value)


def test_unreachable_server_is_named(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    with Euterpe(url) as euterpe, pytest.raises(ConnectionFailed) as raised:
        euterpe.list_models()
    assert str(raised.value) == f"{url} cannot be reached: Connection refused"


def test_tls_failure_is_named(server: Server) -> None:
    url = server.url.replace("http:", "https:")
    with Euterpe(url) as euterpe, pytest.raises(ConnectionFailed, match=f"the TLS connection to {url} failed"):
        euterpe.list_models()


@pytest.mark.parametrize("name", ["missing.pem", "damaged.pem"])
def test_unusable_certificate_file_is_named(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "damaged.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / name))
    with pytest.raises(ConfigurationError, match=f"SSL_CERT_FILE=.*{name}"):
        Euterpe("https://music.example")
    server.responses = [MODELS]
    with Euterpe(server.url) as euterpe:
        assert euterpe.list_models() == {"items": []}  # plain HTTP needs no certificates


@pytest.mark.parametrize(
    "url", ["", "music.example", "http://", "http://[", "http://x:99999", "http://a..b", "ftp://x"]
)
def test_malformed_url_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not a valid URL"):
        Euterpe(url)
