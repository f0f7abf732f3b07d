"""The way in: the same routes on an Ingress, a Gateway, in Caddy and on one machine."""

import json
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
from euterpe_stack.gateway import _HEADERS, _INTERNAL, _PAGES_BLOCK, ROUTES, caddyfile

from tests.deploy.rendering import REPOSITORY, SERVICES, Render, environment, one, pods, values_of

IMAGE = REPOSITORY / "deploy/images/web"
WANTED = {
    (path.removesuffix("/*"), service)
    for service, paths in ROUTES.items()
    for path in [*paths, f"/api/v1/{service}/openapi.json"]
}


def _covered(routes: set[tuple[str, str]]) -> None:
    """Every path of one machine's gateway goes to the same service, and no other path to any."""
    for path, service in WANTED:
        assert any(s == service and (path == p or path.startswith(f"{p}/")) for p, s in routes), path
    assert {p for p, s in routes if s in SERVICES} <= {path for path, _ in WANTED}


def test_ingress_has_the_routes_of_one_machine(render: Render) -> None:
    ingress = one(render(values_of("values-production.yaml"), bare=True), "Ingress", "euterpe")
    paths = ingress["spec"]["rules"][0]["http"]["paths"]
    routes = {(item["path"], item["backend"]["service"]["name"].removeprefix("euterpe-")) for item in paths}
    _covered(routes)
    # More specific than /api/v1/auth, and answered with 404 by the pages.
    assert {(path.removesuffix("*"), "web") for path in _INTERNAL} <= routes
    assert ("/", "web") in routes


def test_gateway_api_has_the_routes_of_one_machine(render: Render) -> None:
    route = one(render(values_of("ci/everything-values.yaml"), bare=True), "HTTPRoute", "euterpe")
    routes = {
        (match["path"]["value"], rule["backendRefs"][0]["name"].removeprefix("euterpe-"))
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    }
    _covered(routes)
    assert {(path.removesuffix("*"), "web") for path in _INTERNAL} <= routes


def test_caddy_accepts_the_gateways_configuration(render: Render, tmp_path: Path) -> None:
    found = render(values_of("values-small.yaml"), bare=True)
    text = one(found, "ConfigMap", "euterpe-gateway")["data"]["Caddyfile"]
    routes = {
        (path, match[1])
        for match in re.finditer(r"^\s*@(\w+) path (.*)$", text, re.MULTILINE)
        if match[1] in SERVICES
        for path in match[2].split()
        if not path.endswith("/*")
    }
    _covered(routes)
    _validate(text, tmp_path)


def test_services_and_gateway_believe_the_same_proxies(render: Render) -> None:
    values = values_of("values-small.yaml") | {"trustedProxies": ["10.244.0.0/16", "fd00::/8"]}
    found = render(values, bare=True)
    text = one(found, "ConfigMap", "euterpe-gateway")["data"]["Caddyfile"]
    assert "trusted_proxies static 10.244.0.0/16 fd00::/8\n" in text
    for service in SERVICES:
        given = environment(pods(found)[f"Deployment/euterpe-{service}"])[f"EUTERPE_{service.upper()}_TRUSTED_PROXIES"]
        assert json.loads(given["value"]) == ["10.244.0.0/16", "fd00::/8"]
    nobody = one(render(values | {"trustedProxies": []}, bare=True), "ConfigMap", "euterpe-gateway")
    assert "trusted_proxies" not in nobody["data"]["Caddyfile"]


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


def test_a_load_balancer_keeps_listeners_addresses(render: Render) -> None:
    values = {"gateway": {"enabled": True, "serviceType": "LoadBalancer"}}
    assert one(render(values), "Service", "euterpe-web")["spec"]["externalTrafficPolicy"] == "Local"
    assert "externalTrafficPolicy" not in one(render(), "Service", "euterpe-web")["spec"]


def test_caddy_accepts_the_images_configuration(tmp_path: Path) -> None:
    _validate((IMAGE / "Caddyfile").read_text(), tmp_path)


def test_the_pages_are_served_as_on_one_machine() -> None:
    def plain(text: str) -> str:
        return re.sub(r"\s+", " ", text)

    here, there = (IMAGE / "pages.caddy").read_text(), caddyfile(80, dict.fromkeys(SERVICES, 0), Path("/srv"))
    assert plain(_PAGES_BLOCK) in plain(here)
    lost = re.search(r"@lost \{.*?\n\t\t\}\n\t\t", there, re.DOTALL)
    assert lost
    assert plain(lost[0]).strip() in plain(here)
    heads = re.findall(r"@head path .*", there)
    assert heads
    assert set(heads) <= set(re.findall(r"@head path .*", here))
    for name, value in _HEADERS.items():
        assert re.search(rf'\s{re.escape(name)} "?{re.escape(value)}"?\n', here), name


def _validate(text: str, directory: Path) -> None:
    caddy = Path(sysconfig.get_path("scripts")) / "caddy"
    config = directory / "Caddyfile"
    config.write_text(text.replace("/etc/euterpe", str(IMAGE)))
    done = subprocess.run(
        [str(caddy), "validate", "--config", str(config), "--adapter", "caddyfile"],
        capture_output=True,
        text=True,
        env={"HOME": str(directory), "XDG_DATA_HOME": str(directory)},
    )
    assert done.returncode == 0, done.stderr
    if "input is not formatted" in done.stderr:
        pytest.fail(done.stderr)
