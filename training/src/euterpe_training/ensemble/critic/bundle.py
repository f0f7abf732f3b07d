"""Put a critic into a bundle, as a new version of it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from euterpe_music.bundle import EnsembleBundle
from euterpe_music.manifest import FileInfo

from euterpe_training.ensemble.critic.network import critic_graph
from euterpe_training.ensemble.critic.pieces import read_pairs
from euterpe_training.ensemble.critic.training import CriticReport, CriticSettings, train_critic
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.export.new_version import bundle_to_change, write_new_version

CRITIC_FILE = "critic.onnx"


def add_critic(
    directory: Path, version: str, composed: Sequence[Path], data: Path, settings: CriticSettings,
    report: Callable[[str], None],
) -> tuple[EnsembleBundle, CriticReport]:  # fmt: skip
    """Train a critic on folders of pieces that a bundle composed; write the bundle with it as another version.

    `data` is the data set whose training pieces the composed ones are like. Raises TrainingError where the bundle is
    none of an ensemble, or the version exists.
    """
    bundle = bundle_to_change(directory, version)
    dataset = Dataset(data)
    pairs = [pair for folder in composed for pair in read_pairs(folder, dataset)]
    critic, found = train_critic(pairs, settings, report)
    graph = critic_graph(critic)
    info = FileInfo(file=CRITIC_FILE, sha256=hashlib.sha256(graph).hexdigest(), bytes=len(graph))
    written = write_new_version(
        bundle, version, {"critic": info}, {"critic": asdict(found)}, _section(found), {CRITIC_FILE: graph}
    )
    return written, found


def _section(found: CriticReport) -> list[str]:
    text = (
        f"A small network, trained on {found.pairs} composed pieces and as many training pieces of the same styles and "
        "instruments, selects the best of several `candidates`. "
        f"It tells {100 * found.accuracy:.0f} % of {found.windows} held-out windows apart (50 %: none)."
    )
    return ["## Critic", "", text]
