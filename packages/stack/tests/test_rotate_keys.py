"""Rotating auth's key in the product on this machine; that the keys change is tested in auth."""

from pathlib import Path

import pytest
from euterpe_stack import secret_file
from euterpe_stack.postgres import Postgres
from euterpe_stack.rotate_keys import auth_environment, main
from euterpe_stack.services import SERVICE_NAMES


def test_the_environment_has_database_and_key_of_the_running_product(tmp_path: Path) -> None:
    secrets = secret_file.load_or_create(tmp_path / "secrets.json", SERVICE_NAMES)
    server = Postgres(tmp_path / "postgres", password="only here", log=tmp_path / "log", durable=False)
    server.start()
    environment = auth_environment(tmp_path)
    assert f"@127.0.0.1:{server.port}/euterpe" in environment["EUTERPE_AUTH_DATABASE_URL"]
    assert secrets.database_passwords["auth"] in environment["EUTERPE_AUTH_DATABASE_URL"]
    assert environment["EUTERPE_AUTH_KEY_ENCRYPTION_KEY"] == secrets.key_encryption_key
    assert not any(secrets.postgres_superuser_password in value for value in environment.values())
    server.stop()
    assert main([], {"EUTERPE_DATA": str(tmp_path)}) == 1


def test_without_a_running_product_an_error_is_printed_and_nothing_created(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], {"EUTERPE_DATA": str(tmp_path / "nowhere")}) == 1
    assert "make run" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
