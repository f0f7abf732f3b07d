"""Put a critic into a bundle, as a new version of it."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from euterpe_music.bundle import MANIFEST_FILE, EnsembleBundle, load_any_bundle, write_ensemble_bundle
from euterpe_music.manifest import FileInfo, TrainingInfo

from euterpe_training.bundle_label import check_version
from euterpe_training.ensemble.critic.network import critic_graph
from euterpe_training.ensemble.critic.pieces import read_pairs
from euterpe_training.ensemble.critic.training import CriticReport, CriticSettings, train_critic
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.export.bundle import CARD_FILE
from euterpe_training.errors import TrainingError

CRITIC_FILE = "critic.onnx"


def add_critic(
    directory: Path, version: str, composed: Sequence[Path], data: Path, settings: CriticSettings,
    report: Callable[[str], None],
) -> tuple[EnsembleBundle, CriticReport]:  # fmt: skip
    """Train a critic on folders of pieces that a bundle composed; write the bundle with it as another version.

    `data` is the data set whose training pieces the composed ones are like. Raises TrainingError where the bundle is
    none of an ensemble, or the version exists.
    """
    check_version(version)
    bundle = load_any_bundle(directory)
    if not isinstance(bundle, EnsembleBundle):
        raise TrainingError(f"{directory} is not a bundle of an ensemble network")
    target = directory.parent / version
    if target.exists():
        raise TrainingError(f"{target} exists: a released version cannot change")
    dataset = Dataset(data)
    pairs = [pair for folder in composed for pair in read_pairs(folder, dataset)]
    critic, found = train_critic(pairs, settings, report)
    graph = critic_graph(critic)
    manifest = bundle.manifest
    training = manifest.training
    changed = manifest.model_copy(
        update={
            "version": version,
            "critic": FileInfo(file=CRITIC_FILE, sha256=hashlib.sha256(graph).hexdigest(), bytes=len(graph)),
            "training": training and _with_metrics(training, found),
        }
    )
    written = write_ensemble_bundle(target, changed, {**bundle.files, CRITIC_FILE: graph})
    for path in directory.iterdir():
        if path.is_file() and path.name != MANIFEST_FILE and not (target / path.name).exists():
            shutil.copy2(path, target / path.name)
    card = target / CARD_FILE
    if card.exists():
        name = f"`{manifest.name}`"
        text = card.read_text(encoding="utf-8").replace(f"{name} {manifest.version}", f"{name} {version}")
        card.write_text(text.rstrip() + "\n\n" + "\n".join(_section(found)) + "\n", encoding="utf-8")
    return written, found


def _with_metrics(training: TrainingInfo, found: CriticReport) -> TrainingInfo:
    return training.model_copy(update={"metrics": {**training.metrics, "critic": asdict(found)}})


def _section(found: CriticReport) -> list[str]:
    text = (
        f"A small network, trained on {found.pairs} composed pieces and as many training pieces of the same styles and "
        "instruments, selects the best of several `candidates`. "
        f"It tells {100 * found.accuracy:.0f} % of {found.windows} held-out windows apart (50 %: none)."
    )
    return ["## Critic", "", text]
