"""The chart of a training run: objects of every kind, checked against the types of Kubeflow Trainer and JobSet.

The types are those of PyPI's `kubeflow-trainer-api`, which the project publishes from its API definitions.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
import yaml
from euterpe_training.remote.plan import RunPlan
from kubeflow_trainer_api import models as kubeflow

from tests.deploy.rendering import REPOSITORY, Object, merge, objects, one, select

CHART = REPOSITORY / "deploy/helm/euterpe-training"
VALUES = {path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text()) for path in CHART.glob("ci/*.yaml")}
KINDS = ("trainjob", "jobset", "job")
TYPES: dict[str, Any] = {
    "TrainJob": kubeflow.TrainerV1alpha1TrainJob,
    "TrainingRuntime": kubeflow.TrainerV1alpha1TrainingRuntime,
    "JobSet": kubeflow.JobsetV1alpha2JobSet,
}

RenderRun = Callable[..., list[Object]]


@pytest.fixture(scope="module")
def render_run() -> Iterator[RenderRun]:
    """Renders the release classical-7 with one of the chart's value files and more values."""
    with helm.Chart.load(CHART) as chart:

        def rendered(values: Object | None = None, *, base: str = "default") -> list[Object]:
            merged = merge(VALUES[base], values or {})
            return objects(chart.render(merged, name="classical-7", namespace="research", is_install=True))

        yield rendered


def job_of(found: list[Object]) -> Object:
    """The spec of the Job that runs the pods, in whatever it is wrapped."""
    if jobs := select(found, "Job"):
        return jobs[0]["spec"]
    runtimes = select(found, "TrainingRuntime")
    job_set = runtimes[0]["spec"]["template"] if runtimes else one(found, "JobSet", "classical-7")
    (replicated,) = job_set["spec"]["replicatedJobs"]
    assert replicated["name"] == "node"
    spec: Object = replicated["template"]["spec"]
    return spec


def container_of(found: list[Object]) -> Object:
    (container,) = job_of(found)["template"]["spec"]["containers"]
    return dict(container)


@pytest.mark.parametrize("base", sorted(VALUES))
def test_helm_lint_passes(base: str) -> None:
    report = helm.lint(str(CHART), VALUES[base], strict=True, namespace="research", kube_version="v1.36.0")
    assert not report["errors"]
    assert [message for message in report["messages"] if message["severity"] > 1] == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("base", sorted(VALUES))
def test_every_object_has_the_type_of_its_api(kind: str, base: str, render_run: RenderRun) -> None:
    found = render_run({"kind": kind, "nodes": 1 if kind == "job" else 2}, base=base)
    for item in found:
        if item["kind"] in TYPES:
            read = TYPES[item["kind"]].from_dict(json.loads(json.dumps(item)))
            # Unknown fields would be missing.
            assert read.to_dict() == item
        elif not item["apiVersion"].startswith("monitoring."):
            assert kubernetes_validate.validate(item, "1.36", strict=True)
    # What the Job API checks of the Job inside.
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "node"}, "spec": job_of(found)}
    assert kubernetes_validate.validate(job, "1.36", strict=True)
    expected = {"trainjob": {"TrainJob", "TrainingRuntime"}, "jobset": {"JobSet"}, "job": {"Job"}}[kind]
    assert expected == {item["kind"] for item in found} & {"TrainJob", "TrainingRuntime", "JobSet", "Job"}


def test_the_train_job_names_its_runtime(render_run: RenderRun) -> None:
    found = render_run({"nodes": 2, "processesPerNode": 4})
    spec = one(found, "TrainJob", "classical-7")["spec"]
    assert spec["runtimeRef"] == {"apiGroup": "trainer.kubeflow.org", "kind": "TrainingRuntime", "name": "classical-7"}
    assert spec["trainer"] == {"numNodes": 2, "numProcPerNode": 4}
    runtime = one(found, "TrainingRuntime", "classical-7")["spec"]
    labels = runtime["template"]["spec"]["replicatedJobs"][0]["template"]["metadata"]["labels"]
    # By these, Trainer finds what it sets torchrun's variables in.
    assert labels["trainer.kubeflow.org/trainjob-ancestor-step"] == "trainer"
    assert container_of(found)["name"] == "node"
    assert not [entry for entry in container_of(found)["env"] if entry["name"].startswith("PET_")]


def test_the_other_kinds_set_torchruns_variables(render_run: RenderRun) -> None:
    found = container_of(render_run({"kind": "jobset", "nodes": 2, "processesPerNode": 4}))
    variables = {entry["name"]: entry for entry in found["env"] if entry["name"].startswith("PET_")}
    rank = variables.pop("PET_NODE_RANK")["valueFrom"]["fieldRef"]["fieldPath"]
    assert "job-completion-index" in rank
    assert {name: entry["value"] for name, entry in variables.items()} == {
        "PET_NNODES": "2",
        "PET_NPROC_PER_NODE": "4",
        "PET_MASTER_ADDR": "classical-7-node-0-0.classical-7",
        "PET_MASTER_PORT": "29400",
    }


@pytest.mark.parametrize("base", sorted(VALUES))
def test_the_run_reads_its_plan(base: str, render_run: RenderRun) -> None:
    found = render_run(base=base)
    config = one(found, "ConfigMap", "classical-7")
    plan = RunPlan.model_validate_json(config["data"]["plan.json"])
    assert plan.run == "runs/classical-7"
    assert plan.train[0] == "crnngan"
    (mount,) = [one for one in container_of(found)["volumeMounts"] if one["name"] == "plan"]
    assert container_of(found)["args"][:2] == ["run", f"{mount['mountPath']}/plan.json"]


def test_the_values_of_the_guide_are_valid(render_run: RenderRun) -> None:
    guide = (REPOSITORY / "docs/guides/training-on-kubernetes.md").read_text()
    (text,) = re.findall(r"^```yaml\n(.*?)^```", guide, re.M | re.S)
    found = render_run(yaml.safe_load(text))
    plan = RunPlan.model_validate_json(one(found, "ConfigMap", "classical-7")["data"]["plan.json"])
    out = plan.export[plan.export.index("--out") + 1].removeprefix("/data/bundles/")
    stated = [plan.export[plan.export.index(option) + 1] for option in ("--name", "--version")]
    assert out.split("/") == stated
    assert f"promote {' '.join(stated)}" in guide


@pytest.mark.parametrize("kind", KINDS)
def test_every_pod_meets_the_restricted_standard(kind: str, render_run: RenderRun) -> None:
    spec = job_of(render_run({"kind": kind}))["template"]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"] + spec["initContainers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_preempted_pod_is_replaced_and_a_wrong_argument_is_not_tried_again(kind: str, render_run: RenderRun) -> None:
    found = render_run({"kind": kind, "maxRestarts": 7})
    job = job_of(found)
    assert job["podFailurePolicy"]["rules"] == [
        # The exit status of errors that the user can correct.
        {"action": "FailJob", "onExitCodes": {"containerName": "node", "operator": "In", "values": [2]}},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]
    # Kubernetes requires it for a podFailurePolicy.
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    if kind == "job":
        assert job["backoffLimit"] == 7
        return
    owner = (
        one(found, "JobSet", "classical-7")
        if kind == "jobset"
        else select(found, "TrainingRuntime")[0]["spec"]["template"]
    )
    policy = owner["spec"]["failurePolicy"]
    assert policy["maxRestarts"] == 7
    assert [(rule["action"], rule["onJobFailureReasons"]) for rule in policy["rules"]] == [
        ("FailJobSet", ["PodFailurePolicy"])
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_kueue_admits_what_it_knows(kind: str, render_run: RenderRun) -> None:
    found = render_run({"kind": kind, "kueue": {"queue": "research", "priorityClass": "low"}})
    admitted = [
        item["kind"] for item in found if item["metadata"]["labels"].get("kueue.x-k8s.io/queue-name") == "research"
    ]
    assert [each.lower() for each in admitted] == [kind]
    without = render_run({"kind": kind})
    assert not [item for item in without if "kueue" in str(item["metadata"]["labels"])]


def test_alerts_are_those_of_the_run_with_its_limit(render_run: RenderRun) -> None:
    (rule,) = select(render_run(base="everything"), "PrometheusRule")
    expressions = {each["alert"]: each["expr"] for each in rule["spec"]["groups"][0]["rules"]}
    assert all('{job="training", run="classical-7"}' in expression for expression in expressions.values())
    assert "> 5400" in expressions["EuterpeTrainingStuck"]
    (monitor,) = select(render_run(base="everything"), "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert {each["targetLabel"]: each["replacement"] for each in endpoint["relabelings"]} == {
        "job": "training",
        "run": "classical-7",
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"corpus": ""}, r"corpus is empty: write the path"),
        ({"objectStore": {"existingSecret": ""}}, r"objectStore\.existingSecret is empty: write the name"),
        ({"kind": "job", "nodes": 2}, r"nodes is 2, but kind job runs on one node: set nodes to 1"),
        ({"train": ["melody", "train"], "nodes": 2}, r"must be 1 for melody: only crnngan"),
        ({"kind": "pod"}, r"/kind"),
        ({"train": []}, r"/train.*minItems"),
        ({"nodez": 2}, r"additional propert.*'nodez'"),
        ({"corpus": "/corpora"}, r"/corpus.*pattern"),
    ],
)
def test_invalid_values_are_refused_with_the_remedy(values: Object, message: str, render_run: RenderRun) -> None:
    with pytest.raises(helm.HelmError, match=f"(?s){message}"):
        render_run(values)
