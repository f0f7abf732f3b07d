"""Pools of workers: CPU and GPU pools, scaled by one queue."""

import re

import asyncpg
import pytest
from euterpe_generator.clients.pod import SERVICE_ACCOUNT_DIRECTORY
from euterpe_test_kit.databases import DatabaseFactory

from tests.deploy.rendering import REPOSITORY, Object, Render, environment, one, pods, select, values_of


@pytest.fixture
def gpu(render: Render) -> list[Object]:
    """The profile with GPUs."""
    return render(values_of("values-production.yaml", "values-gpu.yaml"), bare=True)


def test_the_gpu_pool_requests_its_gpu(gpu: list[Object]) -> None:
    pod = one(gpu, "Deployment", "euterpe-generator-cuda")["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert container["image"].split(":")[0].endswith("/euterpe-generator-cuda")
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert pod["spec"]["runtimeClassName"] == "nvidia"
    assert pod["spec"]["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert pod["spec"]["tolerations"][0]["key"] == "nvidia.com/gpu"
    # The device plugin decides which devices are seen.
    assert not [name for name in environment(pod) if "VISIBLE_DEVICES" in name]
    # A surge would wait for a second GPU that there may not be.
    assert one(gpu, "Deployment", "euterpe-generator-cuda")["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0


def test_the_cpu_pool_uses_no_gpu(gpu: list[Object]) -> None:
    pod = one(gpu, "Deployment", "euterpe-generator-cpu")["spec"]["template"]
    assert not [key for key in pod["spec"]["containers"][0]["resources"]["limits"] if "nvidia" in key]
    assert "tolerations" not in pod["spec"]


def test_pools_share_the_settings_that_they_do_not_override(render: Render) -> None:
    values = {
        "generator": {"config": {"slots": 32, "leaseSeconds": 20}},
        "generators": [{"name": "a"}, {"name": "b", "config": {"slots": 256}}],
    }
    found = pods(render(values))
    a, b = (environment(found[f"Deployment/euterpe-generator-{name}"]) for name in "ab")
    assert (a["EUTERPE_GENERATOR_SLOTS"]["value"], b["EUTERPE_GENERATOR_SLOTS"]["value"]) == ("32", "256")
    assert a["EUTERPE_GENERATOR_LEASE_SECONDS"] == b["EUTERPE_GENERATOR_LEASE_SECONDS"]
    assert a["EUTERPE_GENERATOR_WORKER_ENABLED"]["value"] == "true"
    orders = environment(found["Deployment/euterpe-generator"])
    assert orders["EUTERPE_GENERATOR_WORKER_ENABLED"]["value"] == "false"


def test_the_api_runs_while_a_pool_is_at_zero(gpu: list[Object]) -> None:
    scaler = one(gpu, "ScaledObject", "euterpe-generator-cuda")["spec"]
    assert scaler["minReplicaCount"] == 0
    assert scaler["fallback"]["replicas"] >= 1
    (trigger,) = scaler["triggers"]
    assert trigger["type"] == "postgresql"
    # 512 slots at three quarters.
    assert trigger["metadata"]["targetQueryValue"] == "384"
    service = one(gpu, "Service", "euterpe-generator")["spec"]["selector"]
    assert service["app.kubernetes.io/component"] == "generator"
    assert one(gpu, "ScaledObject", "euterpe-generator-cuda")["spec"]["minReplicaCount"] == 0


def test_a_pool_that_may_be_at_zero_starts_at_zero_and_keeps_its_size_later(render: Render) -> None:
    values = values_of("values-production.yaml", "values-gpu.yaml")
    installed, upgraded = (render(values, bare=True, upgrade=upgrade) for upgrade in (False, True))
    assert one(installed, "Deployment", "euterpe-generator-cuda")["spec"]["replicas"] == 0
    for found in (installed, upgraded):
        assert "replicas" not in one(found, "Deployment", "euterpe-generator-cpu")["spec"]
    assert "replicas" not in one(upgraded, "Deployment", "euterpe-generator-cuda")["spec"]


def test_a_gpu_pool_refuses_to_compose_on_the_cpu_unless_it_is_allowed(render: Render) -> None:
    gpu = {"enabled": True, "resourceName": "nvidia.com/gpu"}
    pools = [{"name": "a", "gpu": gpu}, {"name": "b", "gpu": gpu, "config": {"requireGpu": False}}, {"name": "c"}]
    found = render({"generators": pools})
    required = [
        environment(pods(found)[f"Deployment/euterpe-generator-{name}"]).get("EUTERPE_GENERATOR_REQUIRE_GPU")
        for name in "abc"
    ]
    assert [entry and entry["value"] for entry in required] == ["true", "false", None]


@pytest.mark.parametrize("trigger", ["postgresql", "prometheus"])
def test_a_pool_is_started_by_more_generations_than_its_threshold(trigger: str, render: Render) -> None:
    scaling = {"kind": "keda", "trigger": trigger, "prometheusAddress": "http://p:9090", "activationGenerations": 20}
    found = render({"generators": [{"name": "a", "autoscaling": scaling}]})
    metadata = one(found, "ScaledObject", "euterpe-generator-a")["spec"]["triggers"][0]["metadata"]
    assert "20" in (metadata.get("activationTargetQueryValue"), metadata.get("activationThreshold"))


def test_keda_reads_its_connection_from_the_secret(gpu: list[Object]) -> None:
    (authentication,) = select(gpu, "TriggerAuthentication")
    (reference,) = authentication["spec"]["secretTargetRef"]
    assert reference == {"parameter": "connection", "name": "euterpe-generator", "key": "keda-connection"}
    for scaler in select(gpu, "ScaledObject"):
        assert scaler["spec"]["triggers"][0]["authenticationRef"]["name"] == authentication["metadata"]["name"]


async def test_the_trigger_counts_the_queue_in_the_real_table(gpu: list[Object], databases: DatabaseFactory) -> None:
    query = one(gpu, "ScaledObject", "euterpe-generator-cuda")["spec"]["triggers"][0]["metadata"]["query"]
    url = databases.create(REPOSITORY / "services/generator", url_variable="EUTERPE_GENERATOR_DATABASE_URL")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for status in ["queued"] * 7 + ["running"] * 3 + ["succeeded"] * 5:
        await _insert(connection, status)
    # Nine tenths of ten.
    assert await connection.fetchval(query) == 9
    await connection.close()


@pytest.mark.parametrize("trigger", ["postgresql", "prometheus"])
def test_the_wait_in_the_queue_is_a_second_trigger_with_its_own_threshold(trigger: str, render: Render) -> None:
    scaling = {"kind": "keda", "trigger": trigger, "prometheusAddress": "http://p:9090", "activationGenerations": 20}
    wait = {"targetWaitSeconds": 15, "activationWaitSeconds": 60}
    found = render(
        {"generators": [{"name": "a", "autoscaling": scaling}, {"name": "b", "autoscaling": scaling | wait}]}
    )
    (_,) = one(found, "ScaledObject", "euterpe-generator-a")["spec"]["triggers"]
    depth, second = one(found, "ScaledObject", "euterpe-generator-b")["spec"]["triggers"]
    # By default, KEDA divides the value by the number of pods.
    assert ("metricType" in depth, second["metricType"], second["type"]) == (False, "Value", trigger)
    target, activation = {
        "postgresql": ("targetQueryValue", "activationTargetQueryValue"),
        "prometheus": ("threshold", "activationThreshold"),
    }[trigger]
    assert (second["metadata"][target], second["metadata"][activation]) == ("15", "60")
    assert depth["metadata"][activation] == "20"


async def test_the_second_trigger_reads_the_wait_of_the_real_queue(render: Render, databases: DatabaseFactory) -> None:
    scaling = {"kind": "keda", "targetWaitSeconds": 15}
    found = render({"generators": [{"name": "a", "autoscaling": scaling}]})
    query = one(found, "ScaledObject", "euterpe-generator-a")["spec"]["triggers"][1]["metadata"]["query"]
    url = databases.create(REPOSITORY / "services/generator", url_variable="EUTERPE_GENERATOR_DATABASE_URL")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    assert await connection.fetchval(query) == 0
    for status in ["queued"] * 20 + ["succeeded"] * 30:
        await _insert(connection, status)
    await connection.execute(
        "UPDATE generator.generations SET created_at = now() - interval '1 hour' WHERE status = 'succeeded'"
    )
    await connection.execute(
        "UPDATE generator.generations SET created_at = now() - interval '90 s' WHERE id IN "
        "(SELECT id FROM generator.generations WHERE status = 'queued' LIMIT 2)"
    )
    assert 85 < await connection.fetchval(query) < 95
    await connection.close()


def test_only_workers_get_a_token_that_patches_pods(render: Render) -> None:
    assert not select(render(), "Role")
    found = render({"podDeletionCost": {"enabled": True}})
    (role,) = select(found, "Role")
    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["patch"]}]
    (binding,) = select(found, "RoleBinding")
    worker = pods(found)["Deployment/euterpe-generator-cpu"]
    assert [subject["name"] for subject in binding["subjects"]] == [worker["spec"]["serviceAccountName"]]
    having = {name for name, pod in pods(found).items() if "serviceAccountToken" in str(pod["spec"]["volumes"])}
    assert having == {"Deployment/euterpe-generator-cpu"}
    mounts = {one["name"]: one["mountPath"] for one in worker["spec"]["containers"][0]["volumeMounts"]}
    assert mounts["kubernetes-api"] == str(SERVICE_ACCOUNT_DIRECTORY)


def test_a_worker_may_patch_its_own_pod_only(render: Render) -> None:
    found = render({"podDeletionCost": {"enabled": True}})
    (policy,), (binding,) = (select(found, f"ValidatingAdmissionPolicy{suffix}") for suffix in ("", "Binding"))
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    (condition,) = policy["spec"]["matchConditions"]
    account = pods(found)["Deployment/euterpe-generator-cpu"]["spec"]["serviceAccountName"]
    assert f'"system:serviceaccount:music:{account}"' in condition["expression"]
    without = render({"podDeletionCost": {"enabled": True, "restrictToOwnPod": False}})
    assert not select(without, "ValidatingAdmissionPolicy")
    assert select(without, "Role")


def test_one_gpu_pool_per_kind_of_device(render: Render) -> None:
    found = render(values_of("ci/everything-values.yaml"), bare=True)
    asked = {
        name.rsplit("-", 1)[1]: next(key for key in pod["spec"]["containers"][0]["resources"]["limits"] if "/" in key)
        for name, pod in pods(found).items()
        if re.search(r"generator-(mig|shared)$", name)
    }
    assert asked == {"mig": "nvidia.com/mig-1g.10gb", "shared": "nvidia.com/gpu.shared"}


async def _insert(connection: asyncpg.Connection, status: str) -> None:
    """A generation of which only the status matters; every other column that must have a value gets any."""
    columns = await connection.fetch(
        "SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped "
        "AND attnotnull AND NOT atthasdef AND attname <> 'status' AND attrelid = 'generator.generations'::regclass"
    )
    any_value = {"uuid": "gen_random_uuid()", "text": "'x'", "jsonb": "'{}'", "timestamp with time zone": "now()"}
    names = ", ".join(column["attname"] for column in columns)
    values = ", ".join(any_value.get(column["type"], "1") for column in columns)
    await connection.execute(f"INSERT INTO generator.generations (status, {names}) VALUES ('{status}', {values})")
