"""Settings and their error messages."""

from pathlib import Path

import pytest
from euterpe_stack.settings import REPOSITORY, StackError, StackSettings, child_environment


def test_the_defaults_are_in_the_repository() -> None:
    settings = StackSettings.from_environment({})
    assert (REPOSITORY / "services" / "auth").is_dir()
    assert (settings.port, settings.data) == (8080, REPOSITORY / "var")
    assert settings.url == "http://localhost:8080"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80 80", "1e3"])
def test_an_invalid_port_is_refused(port: str) -> None:
    with pytest.raises(StackError, match=r"EUTERPE_PORT is .* from 1 to 65535\."):
        StackSettings.from_environment({"EUTERPE_PORT": port})


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
