"""Settings and their error messages."""

from pathlib import Path

import pytest
from euterpe_stack.errors import StackError
from euterpe_stack.settings import REPOSITORY, StackSettings, child_environment


def test_the_defaults_are_in_the_repository() -> None:
    settings = StackSettings.from_environment({})
    assert (REPOSITORY / "services" / "auth").is_dir()
    assert (settings.port, settings.data) == (8080, REPOSITORY / "var")
    assert settings.url == "http://localhost:8080"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80 80", "1e3"])
def test_an_invalid_port_is_refused(port: str) -> None:
    with pytest.raises(StackError, match=r"EUTERPE_PORT is .* from 1 to 65535\."):
        StackSettings.from_environment({"EUTERPE_PORT": port})


@pytest.mark.parametrize("size", ["64", "0MB", "64 MB", "lots", "64kB"])
def test_an_invalid_size_of_shared_buffers_is_refused(size: str) -> None:
    with pytest.raises(StackError, match=r"EUTERPE_POSTGRES_SHARED_BUFFERS is .* such as 24MB or 1GB\."):
        StackSettings.from_environment({"EUTERPE_POSTGRES_SHARED_BUFFERS": size})
    assert StackSettings.from_environment({"EUTERPE_POSTGRES_SHARED_BUFFERS": "1GB"}).shared_buffers == "1GB"


def test_a_file_is_refused_as_data_directory(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StackError, match="EUTERPE_DATA"):
        StackSettings.from_environment({"EUTERPE_DATA": str(file)})


def test_child_processes_do_not_inherit_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of another account")
    monkeypatch.setenv("EUTERPE_AUTH_DATABASE_URL", "of another run")
    environment = child_environment({"EUTERPE_AUTH_PORT": "1"})
    assert environment["EUTERPE_AUTH_PORT"] == "1"
    assert "PATH" in environment
    assert not {"AWS_SECRET_ACCESS_KEY", "EUTERPE_AUTH_DATABASE_URL"} & set(environment)


def test_only_settings_of_services_are_passed_on() -> None:
    environment = {"EUTERPE_GENERATOR_SLOTS": "8", "EUTERPE_PORT": "9000", "GENERATOR_SLOTS": "9", "PGPASSWORD": "x"}
    assert StackSettings.from_environment(environment).service_settings == {"EUTERPE_GENERATOR_SLOTS": "8"}


def test_other_machines_need_tls_and_names(tmp_path: Path) -> None:
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    for file in (certificate, key):
        file.touch()
    tls = {"EUTERPE_TLS_CERTIFICATE": str(certificate), "EUTERPE_TLS_KEY": str(key)}
    own = tls | {"EUTERPE_BIND": "0.0.0.0", "EUTERPE_HOSTS": "Euterpe.example", "EUTERPE_PORT": "8443"}
    settings = StackSettings.from_environment(own)
    assert settings.url == "https://euterpe.example:8443"
    assert settings.access.hosts == ("euterpe.example", "localhost", "127.0.0.1", "[::1]")
    proxied = own.keys() - tls.keys()
    behind = {name: own[name] for name in proxied} | {"EUTERPE_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16"}
    assert StackSettings.from_environment(behind).access.trusted_proxies == ("10.0.0.1/32", "10.1.0.0/16")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"EUTERPE_BIND": "0.0.0.0", "EUTERPE_HOSTS": "a.example"}, "needs TLS"),
        ({"EUTERPE_BIND": "0.0.0.0", "EUTERPE_TRUSTED_PROXIES": "10.0.0.1"}, "needs EUTERPE_HOSTS"),
        ({"EUTERPE_BIND": "everywhere"}, "EUTERPE_BIND contains 'everywhere'"),
        ({"EUTERPE_HOSTS": "https://a.example"}, "without scheme"),
        ({"EUTERPE_TRUSTED_PROXIES": "10.0.0.1/8"}, "EUTERPE_TRUSTED_PROXIES contains"),
        ({"EUTERPE_TLS_CERTIFICATE": "/nowhere.pem"}, "not a file"),
        ({"EUTERPE_TLS_CERTIFICATE": __file__}, "must be set together"),
    ],
)
def test_unsafe_access_is_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(StackError, match=message):
        StackSettings.from_environment(environment)
