"""Every variable that a service reads can be set from the chart, and the chart sets none that no service reads."""

import json
import re
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel

from tests.deploy.rendering import CHART, REPOSITORY, SERVICES, Object, Render, environment, pods

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEPLOYMENTS = {
    "auth": ["euterpe-auth"],
    "library": ["euterpe-library"],
    "generator": ["euterpe-generator", "euterpe-generator-cpu"],
    "converter": ["euterpe-converter"],
}


#: Settings whose text has a form.
_TEXTS = {
    "publicUrl": "https://music.example",
    "mailFrom": "no-reply@music.example",
    "oidcIssuer": "https://id.example",
    "oidcScopes": "openid profile",
}


def test_the_schema_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate-chart-schema", "--check"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_chart_and_settings_have_the_same_variables(service: str, render: Render) -> None:
    settings = import_module(f"euterpe_{service}.settings").Settings
    read = set(_variables(settings, settings.model_config["env_prefix"]))
    found = pods(render(_everything()))
    for deployment in DEPLOYMENTS[service]:
        given = {name for name in environment(found[f"Deployment/{deployment}"]) if name.startswith("EUTERPE_")}
        assert given == read


@pytest.mark.parametrize("service", SERVICES)
def test_the_service_starts_with_the_charts_environment(
    service: str, render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {
        "database-url": "postgresql+asyncpg://user:password@host/database",
        "key-encryption-key": "A" * 43 + "=",
        "service-clients": json.dumps({"generator": "0" * 64}),
        "admin-clients": json.dumps({"operator": "1" * 64}),
        "s3-access-key-id": "key",
        "s3-secret-access-key": "secret",
        "client-secret": "secret",
        "smtp-password": "secret",
        "oidc-client-secret": "secret",
    }
    pod = pods(render(_everything()))[f"Deployment/{DEPLOYMENTS[service][-1]}"]
    for name, entry in environment(pod).items():
        key = entry.get("valueFrom", {}).get("secretKeyRef", {}).get("key")
        monkeypatch.setenv(name, secrets[key] if key else entry.get("value", "from-the-pod"))
    settings = import_module(f"euterpe_{service}.settings").Settings()
    assert settings.host == "0.0.0.0"
    assert settings.log_level == "WARNING"


def test_secrets_are_never_values(render: Render) -> None:
    for name, pod in pods(render(_everything())).items():
        for variable, entry in environment(pod).items():
            if re.search(r"_SECRET|SMTP_PASSWORD|DATABASE_URL|ENCRYPTION_KEY|SERVICE_CLIENTS|ACCESS_KEY", variable):
                assert "secretKeyRef" in entry["valueFrom"], (name, variable)


def _variables(model: type[BaseModel], prefix: str) -> list[str]:
    names = []
    for name, field in model.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            names += _variables(nested, f"{prefix}{name.upper()}__")
        else:
            names.append(f"{prefix}{name.upper()}")
    return names


def _everything() -> Object:
    """Values that set every key of every service's settings."""
    values: Object = {"objectStore": _filled("objectStore"), "models": {"source": "s3"}}
    values["mtls"] = {"enabled": True}
    values["podDeletionCost"] = {"enabled": True}
    values["tracing"] = {"endpoint": "http://collector:4317", "share": 0.5}
    for service in SERVICES:
        values[service] = {"config": _filled(f"{service}Config") | {"logLevel": "WARNING"}}
    values["soundfont"] = {"source": "claim", "claim": {"name": "soundfonts"}}
    return values


def _filled(definition: str) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for name, field in SCHEMA["$defs"][definition]["properties"].items():
        if "enum" in field:
            filled[name] = field["enum"][0]
        elif name in _TEXTS:
            filled[name] = _TEXTS[name]
        elif field.get("type") in ("integer", "number"):
            filled[name] = max(field.get("minimum", 1), field.get("exclusiveMinimum", 0) + 1)
        else:
            filled[name] = {"boolean": True, "array": [], "object": {}}.get(field.get("type", "string"), "text")
    return filled
