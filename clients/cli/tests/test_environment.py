"""Proxies, certificates and the directory of the login: wrong settings end with one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def dead_proxy(closed_port: int) -> str:
    return f"127.0.0.1:{closed_port}"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_dead_proxy_is_blamed(run: Run, monkeypatch: pytest.MonkeyPatch, dead_proxy: str, scheme: str) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://{dead_proxy}")
    done = run("login", "clara", "--password-stdin", stdin="right\n")
    assert done.status == 1
    assert done.err == (
        f"euterpe: The proxy {scheme}://{dead_proxy} cannot be reached: Connection refused. "
        "Correct the proxy settings, or add the server's host to NO_PROXY.\n"
    )


@pytest.mark.parametrize("proxy", ["socks4://127.0.0.1:1080", "http://[", "http://host:port", "http://"])
def test_malformed_proxy_is_an_invalid_setting(run: Run, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    done = run("compose")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert f"proxy {proxy!r} is not valid" in done.err


def test_no_proxy_may_name_ipv6_addresses(run: Run, monkeypatch: pytest.MonkeyPatch, dead_proxy: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{dead_proxy}")
    monkeypatch.setenv("NO_PROXY", "[::1],127.0.0.1")
    assert run("compose").status == 0


def test_missing_certificate_file_is_an_invalid_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/missing.pem")
    done = run("compose", "--server", "https://music.example")
    assert (done.status, done.err) == (
        2,
        "euterpe: The TLS certificates cannot be loaded from SSL_CERT_FILE=/missing.pem: No such file or directory.\n",
    )
    assert run("compose").status == 0


def test_error_page_of_a_proxy_is_reported_with_its_status(run: Run, server: Any) -> None:
    server.error_page = 502
    done = run("login", "clara", "--password-stdin", stdin="right\n")
    assert (done.status, done.err) == (1, f"euterpe: {server.url} returned HTTP status 502.\n")


@pytest.mark.parametrize("command", ["login", "register"])
@pytest.mark.parametrize("obstacle", ["config is a file", "lock is a directory"])
def test_login_that_cannot_be_stored_is_reported_before_it_is_made(
    run: Run, server: Any, tmp_path: Path, command: str, obstacle: str
) -> None:
    if obstacle == "config is a file":
        (tmp_path / "config").touch()
    else:
        (tmp_path / "config/euterpe/credentials.lock").mkdir(parents=True)
    done = run(command, "clara", "--password-stdin", stdin="right\n")
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert done.err.startswith(f"euterpe: The login cannot be stored in {tmp_path}/config/euterpe: ")
    assert not server.received


def test_login_file_that_cannot_be_replaced_is_reported(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config/euterpe/credentials.json"
    file.mkdir(parents=True)
    done = run("compose")
    assert (done.status, done.err) == (1, f"euterpe: {file} cannot be read: Is a directory.\n")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file.rmdir()
    monkeypatch.setattr(Path, "replace", fail)
    done = run("login", "clara", "--password-stdin", stdin="right\n")
    assert (done.status, done.err) == (
        1, f"euterpe: The login cannot be stored in {file.parent}: No space left on device.\n"
    )  # fmt: skip
    assert [path.name for path in file.parent.iterdir()] == ["credentials.lock"]


def test_link_to_the_login_file_is_kept(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.json"
    link = tmp_path / "config/euterpe/credentials.json"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    assert run("login", "clara", "--password-stdin", stdin="right\n").status == 0
    assert link.is_symlink()
    assert "clara" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600


def test_unknown_home_directory_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    done = run("songs")
    assert (done.status, done.err) == (1, "euterpe: The home directory is unknown; set HOME or XDG_CONFIG_HOME.\n")
