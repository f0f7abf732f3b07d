"""Network policies: only the connections of docs/architecture.md are allowed."""

from typing import Any

from tests.deploy.rendering import Object, Render, one, pods, select, values_of

#: Who may open a connection to whom, inside the release.
CONNECTIONS = {
    ("library", "auth", 8000),
    ("generator", "auth", 8000),
    ("generator-worker", "auth", 8000),
    ("converter", "auth", 8000),
    ("auth", "library", 9090),
    ("auth", "generator", 9090),
    ("generator", "library", 9090),
    ("generator-worker", "library", 9090),
    ("converter", "library", 9090),
    ("web", "library", 8000),
    *(("test", service, 8000) for service in ("auth", "library", "generator", "converter")),
}
GATEWAY = {("web", service, 8000) for service in ("auth", "library", "generator", "converter")}
TRIAL = {
    *(
        (client, "trial-postgres", 5432)
        for client in ("auth", "library", "generator", "generator-worker", "migrations")
    ),
    *((client, "trial-object-store", 8333) for client in ("library", "generator", "generator-worker", "converter")),
}


def test_all_pods_are_closed_by_default(render: Render) -> None:
    found = render(values_of("values-small.yaml"), bare=True)
    closed = one(found, "NetworkPolicy", "euterpe")["spec"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in closed
    assert [rule["ports"][0]["port"] for rule in closed["egress"]] == [53]
    for name, pod in pods(found).items():
        assert closed["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items(), name


def test_exactly_these_connections_are_allowed(render: Render) -> None:
    assert _open(render()) == (CONNECTIONS, CONNECTIONS)
    small = CONNECTIONS | GATEWAY | TRIAL
    assert _open(render(values_of("values-small.yaml"), bare=True)) == (small, small)


def test_only_the_web_pods_are_public_without_an_ingress(render: Render) -> None:
    found = render()
    facing = {
        item["metadata"]["name"]
        for item in select(found, "NetworkPolicy")
        for rule in item["spec"].get("ingress", [])
        if "from" not in rule
    }
    assert facing == {"euterpe-web"}


def test_the_ingress_controller_reaches_http_and_nothing_else(render: Render) -> None:
    found = render(values_of("values-production.yaml"), bare=True)
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    opened = {
        (item["metadata"]["name"], rule["ports"][0]["port"])
        for item in select(found, "NetworkPolicy")
        for rule in item["spec"].get("ingress", [])
        if controller in rule.get("from", [])
    }
    assert opened == {(f"euterpe-{name}", 8000) for name in ("auth", "library", "generator", "converter", "web")}


def test_prometheus_reaches_every_metrics_port(render: Render) -> None:
    found = render(values_of("values-production.yaml"), bare=True)
    prometheus = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    opened = {
        item["metadata"]["name"]: rule["ports"][0]["port"]
        for item in select(found, "NetworkPolicy")
        for rule in item["spec"].get("ingress", [])
        if prometheus in rule.get("from", [])
    }
    services = {f"euterpe-{name}" for name in ("auth", "library", "generator", "generator-worker", "converter")}
    assert {name for name in opened if opened[name] == 8000} >= services
    assert opened["euterpe-web"] == 8001


def test_databases_are_reached_only_at_their_addresses(render: Render) -> None:
    found = render(values_of("values-production.yaml"), bare=True)
    for name in ("auth", "library", "generator", "generator-worker", "migrations"):
        egress = one(found, "NetworkPolicy", f"euterpe-{name}")["spec"]["egress"]
        assert [rule["to"] for rule in egress if rule["ports"][0]["port"] == 5432] == [
            [{"ipBlock": {"cidr": "10.0.20.0/24"}}]
        ]
    converter = one(found, "NetworkPolicy", "euterpe-converter")["spec"]["egress"]
    assert 5432 not in {rule["ports"][0]["port"] for rule in converter}


def test_traces_reach_only_their_collector(render: Render) -> None:
    collector = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    values = {"tracing": {"endpoint": "http://collector:4317"}, "networkPolicy": {"tracing": {"to": [collector]}}}
    for found, expected in ((render(values), {4317}), (render(), set())):
        for item in select(found, "NetworkPolicy"):
            opened = {rule["ports"][0]["port"] for rule in item["spec"]["egress"] if rule["to"] == [collector]}
            served = _component(item["spec"]["podSelector"]) not in ("all", "migrations", "test")
            assert opened == (expected if served else set()), item["metadata"]["name"]


def test_only_workers_that_mark_idle_pods_reach_the_kubernetes_api(render: Render) -> None:
    peers = [{"ipBlock": {"cidr": "10.0.0.1/32"}}]
    cost = {"enabled": True, "restrictToOwnPod": False}
    found = render({"podDeletionCost": cost, "networkPolicy": {"kubernetesApi": {"to": peers, "ports": [6443]}}})
    opened = [
        item["metadata"]["name"]
        for item in select(found, "NetworkPolicy")
        for rule in item["spec"].get("egress", [])
        if rule == {"to": peers, "ports": [{"protocol": "TCP", "port": 6443}]}
    ]
    assert opened == ["euterpe-generator-worker"]


def test_every_component_has_a_policy_of_its_own(render: Render) -> None:
    found = render(values_of("values-small.yaml"), bare=True)
    chosen = [_component(item["spec"]["podSelector"]) for item in select(found, "NetworkPolicy")]
    for name, pod in pods(found).items():
        assert pod["metadata"]["labels"]["app.kubernetes.io/component"] in chosen, name


def _open(found: list[Object]) -> tuple[set[Any], set[Any]]:
    """Connections that the receivers allow, and those that the senders allow."""
    into, out = set(), set()
    for item in select(found, "NetworkPolicy"):
        own = _component(item["spec"]["podSelector"])
        for rule in item["spec"].get("ingress", []):
            into |= {(_component(peer["podSelector"]), own, rule["ports"][0]["port"]) for peer in rule.get("from", [])}
        for rule in item["spec"].get("egress", []):
            if rule["ports"][0]["port"] == 53:
                continue
            peers = [peer for peer in rule["to"] or [] if "podSelector" in peer]
            out |= {(own, _component(peer["podSelector"]), rule["ports"][0]["port"]) for peer in peers}
    return into, out


def _component(selector: Object) -> str:
    return str(selector["matchLabels"].get("app.kubernetes.io/component", "all"))
