"""`euterpe-admin` with the running product."""

import os
import subprocess
import sys
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e


def _admin(product: Any, *arguments: str, status: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EUTERPE_")}
    command = [sys.executable, "-m", "euterpe_cli.admin", "--data", str(product.data), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def test_an_operator_suspends_and_resumes_a_user(product: Any, anonymous: httpx.Client) -> None:
    account = {"username": "zampa", "password": "Ferdinand Herold, 1831"}
    anonymous.post("/auth/users", json=account).raise_for_status()
    form = {"grant_type": "password", **account}
    anonymous.post("/auth/token", data=form).raise_for_status()
    shown = _admin(product, "users", "show", "zampa")
    assert "active_sessions 1" in " ".join(shown.split())
    assert "is suspended" in _admin(product, "users", "suspend", "zampa")
    assert anonymous.post("/auth/token", data=form).status_code == 403
    _admin(product, "users", "resume", "zampa")
    anonymous.post("/auth/token", data=form).raise_for_status()
    assert "1 sessions of zampa" in _admin(product, "users", "end-sessions", "zampa")
    assert "0 of 7" in " ".join(_admin(product, "users", "quota", "zampa", "--songs", "7").split())
    assert "0 of 2" in " ".join(_admin(product, "users", "quota", "zampa", "--pieces-per-day", "2").split())
    assert "of all users" in _admin(product, "users", "quota", "zampa", "--default")
    assert "has no second factor" in _admin(product, "users", "remove-second-factor", "zampa", status=1)
    assert "no account" in _admin(product, "users", "show", "unknown-user", status=1)


def test_an_operator_lists_failures_reports_and_orphans(product: Any) -> None:
    assert _admin(product, "failures", "list", "--json").startswith("[")
    assert _admin(product, "reports", "list", "--json").startswith("[")
    assert "objects" in _admin(product, "orphans")
    assert "guess right" in _admin(product, "listening", "summary")
    assert _admin(product, "listening", "export").startswith("answered_at,style,source,model,model_version,seed,person")
    assert _admin(product, "listening", "export", "--format", "json").startswith("[")
    unknown = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
    assert "euterpe-admin: " in _admin(product, "failures", "retry", unknown, status=1)


def test_an_operator_appoints_a_moderator_and_ends_a_ban(product: Any, anonymous: httpx.Client) -> None:
    account = {"username": "auber", "password": "Fra Diavolo, 1830"}
    user = anonymous.post("/auth/users", json=account).raise_for_status().json()
    assert "is a moderator" in _admin(product, "moderators", "add", "auber")
    assert user["id"] in _admin(product, "moderators", "list")
    assert "moderator_added" in _admin(product, "reports", "log")
    assert "no longer a moderator" in _admin(product, "moderators", "remove", "auber")
    assert _admin(product, "bans", "list", "--json").startswith("[")
    assert "euterpe-admin: " in _admin(product, "bans", "end", "auber", status=1)
    unknown = "0199d3c1-5a70-7cc3-98c4-dc0c0c07398f"
    assert "euterpe-admin: " in _admin(product, "reports", "hide", unknown, status=1)


def test_the_internal_api_is_not_reachable_through_the_gateway(product: Any) -> None:
    for path in ("/internal/revocations", "/internal/admin/users/zampa", "/internal/admin/reports"):
        assert httpx.get(product.url + path).status_code == 404, path


def test_a_directory_without_a_running_product_is_reported(tmp_path: Any) -> None:
    class Nothing:
        data = tmp_path

    assert "--data" in _admin(Nothing, "orphans", status=2)
