"""The tree keeps its promises: names mean the same in every service, and imports run in one direction."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = ("auth", "library", "generator", "converter")
#: What may stand inside a service's package; one may be absent, none is renamed.
NAMES = {
    "__init__", "__main__", "app", "settings", "dependencies", "errors", "metrics", "py.typed",
    "routes", "rpc", "services", "domain", "storage", "clients", "engine", "models", "worker", "rendering",
}  # fmt: skip
#: Layer → the layers of its own service that it may import.
ALLOWED = {
    "routes": {"dependencies", "errors", "services", "models", "domain", "routes"},
    "rpc": {"errors", "services", "models", "domain", "rpc"},
    "services": {"errors", "metrics", "storage", "clients", "domain", "engine", "models", "rendering", "services"},
    "worker": {"errors", "metrics", "storage", "clients", "domain", "engine", "models", "services", "worker"},
    "models": {"errors", "metrics", "clients", "domain", "engine", "models"},
    "storage": {"errors", "domain", "storage"},
    "clients": {"errors", "domain", "clients"},
    "engine": {"errors", "domain", "engine"},
    "rendering": {"errors", "domain", "metrics", "rendering"},
    "domain": {"domain"},
}


def modules(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.rglob("*.py")) if "__pycache__" not in path.parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("service", SERVICES)
def test_names_inside_a_service_are_the_common_ones(root: Path, service: str) -> None:
    package = root / f"services/{service}/src/euterpe_{service}"
    found = {path.stem if path.suffix == ".py" else path.name for path in package.iterdir()} - {"__pycache__"}
    assert found <= NAMES, f"not a name of the house: {found - NAMES}"
    assert {"app", "settings", "routes", "services"} <= found


@pytest.mark.parametrize("service", SERVICES)
def test_imports_run_in_one_direction(root: Path, service: str) -> None:
    own = f"euterpe_{service}"
    package = root / f"services/{service}/src/{own}"
    wrong = []
    for layer, allowed in ALLOWED.items():
        for path in modules(package / layer):
            for name in imports(path):
                parts = name.split(".")
                if parts[0] == own and len(parts) > 1 and parts[1] not in allowed:
                    wrong.append(f"{path.relative_to(root)} imports {name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("service", SERVICES)
def test_use_cases_know_neither_http_nor_grpc(root: Path, service: str) -> None:
    package = root / f"services/{service}/src/euterpe_{service}"
    banned = {"fastapi", "starlette", "grpc", "uvicorn"}
    for layer in ("services", "worker", "models", "domain", "storage", "engine"):
        for path in modules(package / layer):
            assert not banned & {name.split(".")[0] for name in imports(path)}, path


@pytest.mark.parametrize("service", SERVICES)
def test_stubs_are_imported_by_rpc_and_clients_only(root: Path, service: str) -> None:
    package = root / f"services/{service}/src/euterpe_{service}"
    for path in modules(package):
        if path.relative_to(package).parts[0] not in ("rpc", "clients"):
            assert "euterpe" not in {name.split(".")[0] for name in imports(path)}, path


@pytest.mark.parametrize("service", SERVICES)
def test_statements_are_written_in_storage_only(root: Path, service: str) -> None:
    package = root / f"services/{service}/src/euterpe_{service}"
    for path in modules(package):
        if "storage" not in path.relative_to(package).parts:
            names = {node.func.id for node in ast.walk(ast.parse(path.read_text()))
                     if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
            assert not {"select", "insert", "update", "delete"} & names, path


def test_no_service_knows_another(root: Path) -> None:
    for service in SERVICES:
        others = {f"euterpe_{other}" for other in SERVICES if other != service} | {"euterpe_training"}
        for path in modules(root / f"services/{service}/src"):
            assert not others & {name.split(".")[0] for name in imports(path)}, path


def test_no_module_is_a_lumber_room(root: Path) -> None:
    rooms = {"utils", "helpers", "common", "misc"}
    for place in ("packages", "services", "training", "clients"):
        for path in modules(root / place):
            assert path.stem not in rooms, path


def test_packages_know_no_service(root: Path) -> None:
    services = {f"euterpe_{service}" for service in SERVICES}
    for path in modules(root / "packages"):
        assert not services & {name.split(".")[0] for name in imports(path)}, path
