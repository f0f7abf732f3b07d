"""Mutual TLS between the services of a release."""

from tests.deploy.rendering import SERVICES, Render, environment, one, pods, select

_ISSUER = {"name": "euterpe-ca", "kind": "Issuer"}


def test_every_service_has_the_certificate_of_its_name(render: Render) -> None:
    found = render({"mtls": {"enabled": True, "issuerRef": _ISSUER}})
    certificates = {
        item["spec"]["secretName"]: item["spec"] for item in found if item["kind"] == "Certificate"
    }  # fmt: skip
    used = {}
    for name, pod in pods(found).items():
        if not name.startswith("Deployment/"):
            continue
        mounted = [
            mount["mountPath"]
            for mount in pod["spec"]["containers"][0]["volumeMounts"]
            if mount["name"] == "certificates"
        ]
        volumes = [volume["secret"] for volume in pod["spec"]["volumes"] if volume["name"] == "certificates"]
        directories = [
            entry["value"] for key, entry in environment(pod).items() if key.endswith("_RPC_TLS_DIRECTORY")
        ]  # fmt: skip
        assert mounted == directories
        if volumes:
            used[name.removeprefix("Deployment/euterpe-")] = volumes[0]["secretName"]
    assert used == {
        **{service: f"euterpe-{service}-mtls" for service in SERVICES},
        "generator-cpu": "euterpe-generator-mtls",
    }
    assert set(used.values()) == set(certificates)
    for service in ("library", "generator"):
        # The name by which peers call the service.
        assert f"euterpe-{service}" in certificates[f"euterpe-{service}-mtls"]["dnsNames"]
        ports = {port["name"]: port for port in one(found, "Service", f"euterpe-{service}")["spec"]["ports"]}
        assert ports["grpc"]["appProtocol"] == "https"


def test_without_an_issuer_the_secrets_are_the_operators(render: Render) -> None:
    found = render({"mtls": {"enabled": True}})
    assert not [item for item in found if item["kind"] == "Certificate"]
    volumes = pods(found)["Deployment/euterpe-library"]["spec"]["volumes"]
    assert [volume["secret"]["secretName"] for volume in volumes if "secret" in volume] == ["euterpe-library-mtls"]


def test_it_is_off_unless_asked_for(render: Render) -> None:
    for pod in pods(render({})).values():
        assert not [name for name in environment(pod) if name.endswith("_RPC_TLS_DIRECTORY")]
        assert not [volume for volume in pod["spec"].get("volumes", []) if volume["name"] == "certificates"]
    assert not select(render({}), "Certificate")
