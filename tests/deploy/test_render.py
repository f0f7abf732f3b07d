"""Every value file renders to what the three newest versions of Kubernetes accept."""

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
from kubernetes_validate import utils

from tests.deploy.rendering import (
    CHART,
    CI_VALUES,
    Object,
    Render,
    merge,
    objects,
    pods,
    secrets_named,
    select,
    values_of,
)

PROFILES = [["values-small.yaml"], ["values-production.yaml"], ["values-production.yaml", "values-gpu.yaml"]]
FILES = [[f"ci/{path.name}"] for path in CI_VALUES] + PROFILES
VERSIONS = sorted(utils.all_versions(), key=lambda version: [int(part) for part in version.split(".")[:2]])[-3:]


@pytest.fixture(params=FILES, ids=lambda names: "+".join(names))
def values(request: pytest.FixtureRequest) -> Object:
    """The values of one file, or of several on top of each other."""
    return values_of(*request.param)


def test_helm_lint_passes(values: Object) -> None:
    report = helm.lint(str(CHART), values, strict=True, namespace="music", kube_version="v1.36.0")
    assert not report["errors"]
    # An icon is the one thing that Helm misses.
    assert [m for m in report["messages"] if m["severity"] > 1] == []


@pytest.fixture(scope="module")
def accepts() -> Iterator[Callable[[str], bool]]:
    """Validate an object in JSON by all versions; equal objects and the definitions, which take most time, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", functools.cache(utils.schema_contents))

        @functools.cache
        def validate(text: str) -> bool:
            return all(kubernetes_validate.validate(json.loads(text), version, strict=True) for version in VERSIONS)

        yield validate


@pytest.mark.parametrize("upgrade", [False, True])
def test_kubernetes_accepts_every_object(
    values: Object, render: Render, accepts: Callable[[str], bool], *, upgrade: bool
) -> None:
    found = render(values, bare=True, upgrade=upgrade)
    native = [item for item in found if not _is_custom(item)]
    assert len(native) > 20
    assert all(accepts(json.dumps(item, sort_keys=True)) for item in native)


#: Lists that the API server merges by these fields; a server-side apply, which Helm 4 uses, refuses a key given twice.
MERGE_KEYS = {
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
    "containers": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}


def test_nothing_is_given_twice(values: Object, render: Render) -> None:
    found = render(values, bare=True)
    for service in select(found, "Service"):
        ports = [(port.get("protocol", "TCP"), port["port"]) for port in service["spec"]["ports"]]
        assert len(ports) == len(set(ports))
    for name, pod in pods(found).items():
        for owner in (pod["spec"], *pod["spec"]["containers"]):
            for field, keys in MERGE_KEYS.items():
                given = [tuple(item[key] for key in keys) for item in owner.get(field, [])]
                assert len(given) == len(set(given)), (name, field)


def test_names_are_unique_and_in_the_namespace(values: Object, render: Render) -> None:
    found = render(values, bare=True)
    names = [(item["kind"], item["metadata"]["name"]) for item in found]
    assert len(names) == len(set(names))
    cluster_wide = {"PriorityClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    assert {item["metadata"].get("namespace") for item in found if item["kind"] not in cluster_wide} == {"music"}


def test_selectors_choose_exactly_their_own_pods(values: Object, render: Render) -> None:
    found = render(values, bare=True)
    running = pods(found)
    for deployment in select(found, "Deployment"):
        matched = [
            name for name, pod in running.items() if _matches(deployment["spec"]["selector"]["matchLabels"], pod)
        ]
        assert matched == [f"Deployment/{deployment['metadata']['name']}"]
    for service in select(found, "Service"):
        ports = {port["targetPort"] for port in service["spec"]["ports"]}
        backends = [pod for pod in running.values() if _matches(service["spec"]["selector"], pod)]
        assert len(backends) == 1, service["metadata"]["name"]
        offered = {port["name"] for port in backends[0]["spec"]["containers"][0]["ports"]}
        assert ports <= offered


def test_every_reference_has_its_object(values: Object, render: Render) -> None:
    found = render(values, bare=True)
    accounts = {item["metadata"]["name"] for item in select(found, "ServiceAccount")} | {"default"}
    maps = {item["metadata"]["name"] for item in select(found, "ConfigMap")}
    for name, pod in pods(found).items():
        assert pod["spec"]["serviceAccountName"] in accounts, name
        for volume in pod["spec"].get("volumes", []):
            if "configMap" in volume:
                assert volume["configMap"]["name"] in maps, name
    deployments = {item["metadata"]["name"] for item in select(found, "Deployment")}
    for scaler in select(found, "HorizontalPodAutoscaler") + select(found, "ScaledObject"):
        assert scaler["spec"]["scaleTargetRef"]["name"] in deployments


def test_services_reach_each_other_by_names_that_exist(values: Object, render: Render) -> None:
    found = render(values, bare=True)
    services = {item["metadata"]["name"]: item for item in select(found, "Service")}
    for name, pod in pods(found).items():
        for entry in pod["spec"]["containers"][0].get("env", []):
            value = entry.get("value", "")
            if "euterpe-" in value and ":" in value:
                host, port = value.removeprefix("http://").split("/")[0].split(":")
                assert int(port) in {p["port"] for p in services[host]["spec"]["ports"]}, (name, entry)


def test_releases_in_two_namespaces_share_no_cluster_wide_name(chart: helm.Chart) -> None:
    values = merge(secrets_named(), {"priorityClasses": {"create": True}, "podDeletionCost": {"enabled": True}})
    names = [
        {
            item["metadata"]["name"]
            for item in objects(chart.render(values, name="euterpe", namespace=namespace, is_install=True))
            if "namespace" not in item["metadata"]
        }
        for namespace in ("music", "tests")
    ]
    assert names[0]
    assert not names[0] & names[1]


def test_a_second_release_in_the_namespace_shares_no_name(render: Render) -> None:
    first = {(item["kind"], item["metadata"]["name"]) for item in render(secrets_named())}
    second = {(item["kind"], item["metadata"]["name"]) for item in render(secrets_named(), name="other")}
    assert first.isdisjoint(second)


def _is_custom(item: Object) -> bool:
    group = item["apiVersion"].split("/")[0]
    # Groups of Kubernetes' projects that are not part of its API server.
    added = {"gateway.networking.k8s.io", "autoscaling.k8s.io"}
    return ("." in group and not group.endswith("k8s.io")) or group in added


def _matches(selector: dict[str, Any], pod: Object) -> bool:
    labels = pod["metadata"].get("labels", {})
    return all(labels.get(key) == value for key, value in selector.items())
