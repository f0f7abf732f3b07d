"""Routes: equal on an Ingress, a Gateway, in the chart's Caddy and on one machine."""

import json
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
from euterpe_stack.gateway import ROUTES, caddy_environment
from euterpe_stack.ports import free_port

from tests.deploy.rendering import REPOSITORY, SERVICES, Render, environment, one, pods, values_of

GATEWAY = REPOSITORY / "deploy/gateway"
LIST = json.loads(ROUTES.read_text())
INTERNAL = {(path, "web") for path in LIST["internal"]}
WANTED = {(path, service) for service, route in LIST["services"].items() for path in route["paths"]}


def test_every_public_path_of_the_api_has_a_route() -> None:
    paths = json.loads((REPOSITORY / "api/openapi.json").read_text())["paths"]
    assert len(paths) > 50
    for path in [*paths, *(f"/api/v1/{service}/openapi.json" for service in SERVICES)]:
        assert [s for prefix, s in WANTED if path == prefix or path.startswith(f"{prefix}/")] != [], path


def test_limits_of_the_chart_allow_what_one_machine_allows() -> None:
    limits = values_of("values.yaml")["gateway"]["maxBodyBytes"]
    for service, route in LIST["services"].items():
        assert limits[service] >= route["max_body_bytes"]


def test_ingress_has_the_routes_of_one_machine(render: Render) -> None:
    ingress = one(render(values_of("values-production.yaml"), bare=True), "Ingress", "euterpe")
    paths = ingress["spec"]["rules"][0]["http"]["paths"]
    routes = {(item["path"], item["backend"]["service"]["name"].removeprefix("euterpe-")) for item in paths}
    # The internal paths are more specific than /api/v1/auth; the web pods answer them with 404.
    assert routes == WANTED | INTERNAL | {("/", "web")}


def test_gateway_api_has_the_routes_of_one_machine(render: Render) -> None:
    route = one(render(values_of("ci/everything-values.yaml"), bare=True), "HTTPRoute", "euterpe")
    routes = {
        (match["path"]["value"], rule["backendRefs"][0]["name"].removeprefix("euterpe-"))
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    }
    assert routes == WANTED | INTERNAL | {("/", "web")}


def test_caddy_accepts_the_gateways_configuration(render: Render, tmp_path: Path) -> None:
    found = render(values_of("values-small.yaml"), bare=True)
    text = one(found, "ConfigMap", "euterpe-gateway")["data"]["Caddyfile"]
    routes = {
        (path, match[1])
        for match in re.finditer(r"^\s*import service (\w+) euterpe-\w+:8000 \d+ (.*)$", text, re.MULTILINE)
        for path in match[2].split()
    }
    assert routes == WANTED | {(f"{path}/*", service) for path, service in WANTED}
    _validate(text, tmp_path)


def test_services_and_gateway_trust_the_same_proxies(render: Render) -> None:
    values = values_of("values-small.yaml") | {"trustedProxies": ["10.244.0.0/16", "fd00::/8"]}
    found = render(values, bare=True)
    text = one(found, "ConfigMap", "euterpe-gateway")["data"]["Caddyfile"]
    assert "trusted_proxies static 10.244.0.0/16 fd00::/8\n" in text
    for service in SERVICES:
        given = environment(pods(found)[f"Deployment/euterpe-{service}"])[f"EUTERPE_{service.upper()}_TRUSTED_PROXIES"]
        assert json.loads(given["value"]) == ["10.244.0.0/16", "fd00::/8"]
    untrusting = one(render(values | {"trustedProxies": []}, bare=True), "ConfigMap", "euterpe-gateway")
    assert "trusted_proxies" not in untrusting["data"]["Caddyfile"]


def test_the_gateway_begins_traces_where_there_is_a_collector(render: Render, tmp_path: Path) -> None:
    traced = {"gateway": {"enabled": True}, "tracing": {"endpoint": "http://collector:4317", "share": 0.25}}
    found = render(traced)
    text = one(found, "ConfigMap", "euterpe-gateway")["data"]["Caddyfile"]
    assert "tracing {" in text
    _validate(text, tmp_path)
    variables = environment(pods(found)["Deployment/euterpe-web"])
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"]["value"] == "http://collector:4317"
    assert variables["OTEL_TRACES_SAMPLER_ARG"]["value"] == "0.25"
    plain = render({"gateway": {"enabled": True}})
    assert "tracing" not in one(plain, "ConfigMap", "euterpe-gateway")["data"]["Caddyfile"]
    assert set(environment(pods(plain)["Deployment/euterpe-web"])) == {"EUTERPE_LIBRARY"}


def test_a_load_balancer_preserves_client_addresses(render: Render) -> None:
    values = {"gateway": {"enabled": True, "serviceType": "LoadBalancer"}}
    assert one(render(values), "Service", "euterpe-web")["spec"]["externalTrafficPolicy"] == "Local"
    assert "externalTrafficPolicy" not in one(render(), "Service", "euterpe-web")["spec"]


def test_caddy_accepts_the_images_configuration(tmp_path: Path) -> None:
    _validate((GATEWAY / "web-image.caddy").read_text(), tmp_path)


def test_caddy_accepts_the_configuration_of_one_machine(tmp_path: Path) -> None:
    text = (GATEWAY / "one-machine.caddy").read_text()
    text = re.sub(r"^(\s*import )(\w+\.caddy)$", rf"\1{GATEWAY}/\2", text, flags=re.MULTILINE)
    _validate(text, tmp_path, caddy_environment(free_port(), dict.fromkeys(SERVICES, 1)))


def _validate(text: str, directory: Path, variables: dict[str, str] | None = None) -> None:
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    config = directory / "Caddyfile"
    config.write_text(text.replace("/etc/euterpe", str(GATEWAY)))
    done = subprocess.run(
        [str(caddy), "validate", "--config", str(config), "--adapter", "caddyfile"],
        capture_output=True,
        text=True,
        env={"HOME": str(directory), "XDG_DATA_HOME": str(directory)} | (variables or {}),
    )
    assert done.returncode == 0, done.stderr
    assert "input is not formatted" not in done.stderr


@pytest.mark.parametrize("path", sorted(GATEWAY.glob("*.caddy")), ids=lambda path: path.name)
def test_the_configuration_is_formatted(path: Path) -> None:
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    done = subprocess.run([str(caddy), "fmt", str(path)], capture_output=True, text=True)
    assert done.stdout == path.read_text()
