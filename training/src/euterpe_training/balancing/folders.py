"""Balancing a folder of images from Python.

from pathlib import Path
from euterpe_training.balancing.folders import balance_folder

balanced = balance_folder(Path("photos"), Path("photos-smote"), method="smote", size=64)
print(balanced.before, balanced.after)
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from euterpe_training.balancing.classical import resample
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES, find_recipe
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.pixels import device_for
from euterpe_training.balancing.run import Run, model_digest
from euterpe_training.balancing.sources.folder import save_folders
from euterpe_training.balancing.task_source import TaskSource
from euterpe_training.errors import TrainingError


@dataclass(frozen=True)
class BalancedFolder:
    """A written folder, with the images per class before and after."""

    directory: Path
    before: dict[str, int]
    after: dict[str, int]


def balance_folder(
    source: Path, out: Path, method: str = "smote", *, ratio: float = 1.0, size: int | None = None,
    test_share: float | None = None, recipe: str = "quick", run: Path | None = None, seed: int = 0,
    device: str = "auto", console: Console | None = None,
) -> BalancedFolder:  # fmt: skip
    """Write `out/train`, balanced, and `out/test`, real images only; `out/manifest.csv` lists the synthetic ones.

    `method` is a resampling method, deepsmote or bagan-gp; these train a network with `recipe` in `run`, by default
    next to `out`. `ratio` is the target size of classes as a share of the largest. `test_share` is the share of the
    images for tests, 0 for none: a fifth by default, unless `source` has `train` and `test`. Files of `source` are
    copied unchanged. Raise TrainingError when `out` exists, or the images cannot be balanced.
    """
    if out.exists():
        raise TrainingError(f"{out} already exists; choose another directory")
    stored = TaskSource(str(source), size=size, seed=seed, test_share=test_share).absolute()
    task, _ = stored.load()
    real = task.real_train
    recipes: dict[str, Any] = {"deepsmote": DEEPSMOTE_RECIPES, "bagan-gp": BAGAN_RECIPES}
    if method in recipes:
        directory = run or out.with_name(f"{out.name}-run")
        training = Run.start(real, find_recipe(recipes[method], recipe), directory, device_for(device))
        stored.write(directory)
        training.train(console or Console(quiet=True))
        balanced = training.method.balance(ratio, seed, model_digest(directory))
    else:
        balanced = resample(real, method, ratio, seed)
    save_folders({"train": balanced, **({"test": task.test} if len(task.test) else {})}, out)
    return BalancedFolder(out, _counts(real), _counts(balanced))


def _counts(images: ImageSet) -> dict[str, int]:
    return dict(zip(images.classes, images.counts.tolist(), strict=True))
