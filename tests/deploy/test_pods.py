"""Every pod: the restricted Pod Security Standard, probes, graceful termination."""

import re
from typing import Any

import pytest

from tests.deploy.rendering import Object, Render, environment, one, pods, secrets_named, select, values_of

PROFILES = ("ci/default-values.yaml", "ci/everything-values.yaml", "values-small.yaml")


@pytest.fixture(params=PROFILES)
def found(request: pytest.FixtureRequest, render: Render) -> list[Object]:
    """The objects of a profile."""
    return render(values_of(request.param), bare=True)


def test_every_pod_meets_the_restricted_standard(found: list[Object]) -> None:
    for name, pod in pods(found).items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] >= 10_000, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not any(spec.get(field) for field in ("hostNetwork", "hostPID", "hostIPC")), name
        for container in spec["containers"] + spec.get("initContainers", []):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert "memory" in container["resources"]["limits"], name
            assert "cpu" in container["resources"]["requests"], name
        kinds = {next(key for key in volume if key != "name") for volume in spec.get("volumes", [])}
        assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "secret", "image", "projected"}, name


def test_no_pod_has_a_token_or_foreign_variables(found: list[Object]) -> None:
    for name, pod in pods(found).items():
        assert pod["spec"]["automountServiceAccountToken"] is False, name
        # Kubernetes' links would set EUTERPE_AUTH_PORT=tcp://…, which is a setting.
        assert pod["spec"]["enableServiceLinks"] is False, name
    assert all(item["automountServiceAccountToken"] is False for item in select(found, "ServiceAccount"))


def test_an_outage_of_the_database_restarts_nothing(found: list[Object]) -> None:
    for deployment in select(found, "Deployment"):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["startupProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_grace_period_is_long_enough_for_open_requests(found: list[Object]) -> None:
    for deployment in select(found, "Deployment"):
        pod = deployment["spec"]["template"]
        (container,) = pod["spec"]["containers"]
        pause = container.get("lifecycle", {"preStop": {"sleep": {"seconds": 0}}})["preStop"]["sleep"]["seconds"]
        given = [float(e["value"]) for n, e in environment(pod).items() if n.endswith("_SHUTDOWN_GRACE_SECONDS")]
        assert pod["spec"]["terminationGracePeriodSeconds"] > pause + sum(given)
        if "generator-" not in deployment["metadata"]["name"]:
            # Endpoints are removed before connections are refused.
            assert pause >= 3


def test_waiting_requests_outlive_a_rolling_upgrade(render: Render) -> None:
    found = render(secrets_named())
    pod = one(found, "Deployment", "euterpe-generator")["spec"]["template"]
    from euterpe_generator.settings import Settings

    longest = Settings.model_fields["max_wait_seconds"].default
    assert float(environment(pod)["EUTERPE_GENERATOR_SHUTDOWN_GRACE_SECONDS"]["value"]) > longest
    for name in ("auth", "library", "generator", "converter", "web"):
        rolling = one(found, "Deployment", f"euterpe-{name}")["spec"]["strategy"]["rollingUpdate"]
        assert rolling == {"maxSurge": 1, "maxUnavailable": 0}


def test_every_deployment_can_lose_one_pod_at_a_time(found: list[Object]) -> None:
    budgets = [item["spec"] for item in select(found, "PodDisruptionBudget")]
    assert all(budget["maxUnavailable"] == 1 for budget in budgets)
    selectors = [budget["selector"] for budget in budgets]
    for deployment in select(found, "Deployment"):
        assert deployment["spec"]["selector"] in selectors
        spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert {term["topologyKey"] for term in spread} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}


def test_converters_are_resized_without_a_restart_where_that_is_enabled(render: Render) -> None:
    assert not select(render(), "VerticalPodAutoscaler")
    found = render({"converter": {"verticalAutoscaling": {"enabled": True, "maxMemoryRequest": "3Gi"}}})
    (scaler,) = select(found, "VerticalPodAutoscaler")
    deployment = one(found, "Deployment", scaler["spec"]["targetRef"]["name"])
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert scaler["spec"]["updatePolicy"]["updateMode"] == "InPlaceOrRecreate"
    (policy,) = scaler["spec"]["resourcePolicy"]["containerPolicies"]
    # The pods' number follows the processors; both for one resource would work against each other.
    assert policy["controlledResources"] == ["memory"]
    assert policy["containerName"] == container["name"]
    assert policy["minAllowed"]["memory"] == container["resources"]["requests"]["memory"]
    assert policy["maxAllowed"]["memory"] == "3Gi"


def test_a_digest_takes_precedence_over_a_tag(render: Render) -> None:
    digest = "sha256:" + "ab" * 32
    values = {"auth": {"image": {"digest": digest, "tag": "1"}}, "image": {"registry": "r.example.org/x", "tag": "2"}}
    found = pods(render(values))
    assert _image(found["Deployment/euterpe-auth"]) == f"r.example.org/x/euterpe-auth@{digest}"
    assert _image(found["Job/euterpe-migrate-auth"]) == f"r.example.org/x/euterpe-auth@{digest}"
    assert _image(found["Deployment/euterpe-library"]) == "r.example.org/x/euterpe-library:2"


def test_migrations_run_before_the_services(render: Render) -> None:
    jobs = select(render(), "Job")
    assert {item["metadata"]["name"].rsplit("-", 1)[1] for item in jobs} == {"auth", "library", "generator"}
    for item in jobs:
        assert item["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_a_trial_migrates_after_its_database_and_upgrades_before_its_services(render: Render) -> None:
    small = values_of("values-small.yaml")
    for item in select(render(small, bare=True), "Job"):
        assert "annotations" not in item["metadata"]
    for item in select(render(small, bare=True, upgrade=True), "Job"):
        assert "pre-upgrade" in item["metadata"]["annotations"]["helm.sh/hook"]


def test_no_finished_job_outlives_its_release_for_long(render: Render) -> None:
    small = values_of("values-small.yaml")
    for item in select(render(small, bare=True), "Job"):
        assert item["spec"]["ttlSecondsAfterFinished"] <= 600
    hooks = [item for item in render() if "helm.sh/hook" in item["metadata"].get("annotations", {})]
    assert {item["kind"] for item in hooks} >= {"Job", "ServiceAccount", "Pod"}
    for item in hooks:
        assert "hook-succeeded" in item["metadata"]["annotations"]["helm.sh/hook-delete-policy"]


def test_a_failed_migration_ends_before_helms_default_timeout(render: Render) -> None:
    for item in select(render(), "Job"):
        assert item["spec"]["activeDeadlineSeconds"] < 300


def test_jobs_and_hooks_have_different_names(render: Render) -> None:
    small = values_of("values-small.yaml")
    first, later = (render(small, bare=True, upgrade=upgrade) for upgrade in (False, True))
    hooks = {(item["kind"], item["metadata"]["name"]) for item in later if "pre-upgrade" in str(item["metadata"])}
    assert {kind for kind, _ in hooks} == {"Job", "ServiceAccount"}
    # Helm refuses to touch what is there but in no revision.
    assert not hooks & {(item["kind"], item["metadata"]["name"]) for item in first}
    for found in (first, later):
        accounts = {item["metadata"]["name"] for item in select(found, "ServiceAccount")}
        for item in select(found, "Job"):
            assert item["spec"]["template"]["spec"]["serviceAccountName"] in accounts


def test_trial_secrets_agree_with_each_other(render: Render) -> None:
    import base64
    import hashlib
    import json

    found = render(values_of("values-small.yaml"), bare=True)

    def data(name: str) -> dict[str, Any]:
        return one(found, "Secret", f"euterpe-{name}")["stringData"]

    for service in ("auth", "library", "generator"):
        password = data("trial-postgres")[f"{service}-password"]
        assert f"euterpe_{service}:{password}@euterpe-trial-postgres:5432/euterpe" in data(service)["database-url"]
    digests = json.loads(data("auth")["service-clients"])
    for client in ("generator", "converter"):
        assert digests[client] == hashlib.sha256(data(client)["client-secret"].encode()).hexdigest()
    assert len(base64.urlsafe_b64decode(data("auth")["key-encryption-key"])) == 32
    for service in ("library", "generator", "converter"):
        assert data(service)["s3-access-key-id"] == data("trial-object-store")["s3-access-key-id"]
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", value) for value in data("trial-postgres").values())


def test_the_small_profile_fits_a_small_node_during_an_upgrade(render: Render) -> None:
    found = render(values_of("values-small.yaml"), bare=True)
    millicores = mebibytes = 0
    for name, pod in pods(found).items():
        kind = name.split("/")[0]
        # While everything is replaced at once, there are two pods of each Deployment.
        count = {"Deployment": 2, "StatefulSet": 1}.get(kind, 0)
        requests = pod["spec"]["containers"][0]["resources"]["requests"]
        millicores += count * int(requests["cpu"].removesuffix("m"))
        mebibytes += count * int(requests["memory"].removesuffix("Mi"))
    # Half of two processors and a quarter of 4 GiB are the control plane's, the network's and the kubelet's.
    assert millicores <= 1000
    assert mebibytes <= 3072


def _image(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["image"])
