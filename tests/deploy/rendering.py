"""The chart's files and values, and access to rendered objects."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "deploy/helm/euterpe"
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
SERVICES = ("auth", "library", "generator", "converter")

Object = dict[str, Any]
Render = Callable[..., list[Object]]


def merge(base: Object, more: Object) -> Object:
    """`more` over `base`, as Helm merges values."""
    merged = copy.deepcopy(base)
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def values_of(*names: str, chart: Path = CHART) -> Object:
    """Value files of a chart's directory, merged in order."""
    merged: Object = {}
    for name in names:
        merged = merge(merged, yaml.safe_load((chart / name).read_text()) or {})
    return merged


def secrets_named() -> Object:
    """The minimal values of an installation."""
    return {service: {"existingSecret": f"{service}-secret"} for service in SERVICES}


def objects(rendered: dict[str, str]) -> list[Object]:
    """All objects of a rendered chart, hooks and tests included."""
    return [
        document
        for path, text in rendered.items()
        if path.endswith(".yaml")
        for document in yaml.safe_load_all(text)
        if document
    ]


def select(found: list[Object], kind: str, name: str | None = None) -> list[Object]:
    """Objects of a kind, and of a name where one is given."""
    return [item for item in found if item["kind"] == kind and name in (None, item["metadata"]["name"])]


def one(found: list[Object], kind: str, name: str) -> Object:
    """The only object of this kind and name."""
    (item,) = select(found, kind, name)
    return item


def pods(found: list[Object]) -> dict[str, Object]:
    """Every pod that the objects would run: `Kind/name` → pod (metadata and spec)."""
    result = {}
    for item in found:
        if item["kind"] == "Pod":
            result[f"Pod/{item['metadata']['name']}"] = item
        elif item["kind"] in ("Deployment", "StatefulSet", "Job"):
            result[f"{item['kind']}/{item['metadata']['name']}"] = item["spec"]["template"]
    return result


def environment(pod: Object, container: int = 0) -> dict[str, Object]:
    """The variables of a container by name."""
    return {entry["name"]: entry for entry in pod["spec"]["containers"][container].get("env", [])}
