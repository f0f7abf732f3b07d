"""Imports in `training`: families know only shared modules (`comparison` knows all), and layers have an order."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Family → the other families that it may import.
FAMILIES: dict[str, set[str]] = {
    "balancing": set(),
    "comparison": {"crnngan", "ensemble", "melody"},
    "crnngan": set(),
    "ensemble": set(),
    "melody": set(),
    "style_classifier": {"balancing"},
}
#: Layer of the C-RNN-GAN family → the layers of that family that it may import.
LAYERS: dict[str, set[str]] = {
    "corpora": {"corpora"},
    "models": {"models"},
    "recipes": {"corpora", "recipes"},
    "trainer": {"corpora", "losses", "models", "recipes", "trainer"},
    "evaluation": {"corpora", "evaluation"},
    "export": {"corpora", "evaluation", "export", "models", "recipes", "trainer"},
}
#: Modules that build graphs from arrays, and so need no PyTorch.
WITHOUT_TORCH = (
    "onnx_graph", "crnngan/export/weights", "crnngan/export/generator_graph", "crnngan/export/categorical_graph",
    "crnngan/export/int8", "crnngan/export/bundle", "melody/export/recurrent", "melody/export/attention",
)  # fmt: skip


@pytest.fixture
def package(root: Path) -> Path:
    return root / "training/src/euterpe_training"


def imports(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield the modules of `euterpe_training` that a file imports, as parts of their names below the package."""
    for name in imported_names(path):
        first, *rest = name.split(".")
        if first == "euterpe_training" and rest:
            yield tuple(rest)


def imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_shared_modules_import_no_family(package: Path) -> None:
    wrong = [
        f"{path.relative_to(package)} imports {'.'.join(module)}"
        for path in sorted(package.rglob("*.py"))
        # The command line registers the commands of every family.
        if path.relative_to(package).parts[0] not in {*FAMILIES, "cli.py"}
        for module in imports(path)
        if module[0] in FAMILIES
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("family", FAMILIES)
def test_families_import_only_themselves_and_shared_modules(package: Path, family: str) -> None:
    forbidden = FAMILIES.keys() - {family} - FAMILIES[family]
    wrong = [
        f"{path.relative_to(package)} imports {'.'.join(module)}"
        for path in sorted((package / family).rglob("*.py"))
        for module in imports(path)
        if module[0] in forbidden
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_only_lower_layers(package: Path, layer: str) -> None:
    paths = sorted((package / "crnngan" / layer).rglob("*.py"))
    assert paths
    wrong = [
        f"{path.relative_to(package)} imports {'.'.join(module)}"
        for path in paths
        for module in imports(path)
        if module[0] == "crnngan" and module[1] not in LAYERS[layer]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_graphs_are_built_without_torch(package: Path, module: str) -> None:
    seen: set[Path] = set()
    waiting = [package / f"{module}.py"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        assert not {name for name in imported_names(path) if name.split(".")[0] == "torch"}, path
        for parts in imports(path):
            for length in range(1, len(parts) + 1):
                place = package.joinpath(*parts[:length])
                waiting += [one for one in (place.with_suffix(".py"), place / "__init__.py") if one.is_file()]
