"""What a training, an export or a sample starts from: a run's checkpoint, or a released bundle."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from euterpe_music.bundle import MANIFEST_FILE, EnsembleBundle, load_any_bundle
from onnx import numpy_helper
from packaging.version import Version
from torch import Tensor

from euterpe_training.ensemble.checkpoint import load_checkpoint
from euterpe_training.ensemble.config import TrainingConfig
from euterpe_training.ensemble.export.graphs import ALL_ENTRIES, INT8_SUFFIX, SCALE_SUFFIX
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from euterpe_training.ensemble.styles import Styles
from euterpe_training.errors import TrainingError

STYLES_SETTING = "styles"


@dataclass(frozen=True)
class StartingPoint:
    """Settings, styles and weights of a trained network; `events` is the number that it was trained on."""

    config: TrainingConfig
    styles: Styles
    weights: dict[str, Tensor]
    events: int

    def network(self) -> EnsembleNetwork:
        """Return the network for inference."""
        network = EnsembleNetwork(self.config.network)
        network.load_state_dict(self.weights)
        return network.eval()


def load_starting_point(directory: Path) -> StartingPoint:
    """Read the averaged weights of a run, or the weights of a bundle, from its directory.

    int8 weights of a bundle are multiplied by their scales. Raises `TrainingError` where the directory holds neither,
    or a bundle that does not name the settings of its network.
    """
    if (directory / MANIFEST_FILE).exists():
        return _of_bundle(directory)
    saved = load_checkpoint(directory)
    config, styles = TrainingConfig.from_dict(saved["config"]), Styles.from_dict(saved["styles"])
    return StartingPoint(config, styles, dict(saved["average"]), saved["events"])


def newest_bundle(directory: Path) -> Path:
    """Return the newest version among the bundles of a model's directory. Raises `TrainingError` for none."""
    versions = [path.parent for path in directory.glob(f"*/{MANIFEST_FILE}")]
    if not versions:
        raise TrainingError(f"{directory} holds no bundle to start from; name a run or a bundle with --from")
    return max(versions, key=lambda path: Version(path.name))


def _of_bundle(directory: Path) -> StartingPoint:
    bundle = load_any_bundle(directory)
    training = bundle.manifest.training
    if not isinstance(bundle, EnsembleBundle) or training is None or STYLES_SETTING not in training.settings:
        raise TrainingError(f"{directory} is not a bundle of an ensemble network with the settings of its training")
    settings: dict[str, Any] = dict(training.settings)
    styles = Styles.from_dict(settings.pop(STYLES_SETTING))
    config = TrainingConfig.from_dict(settings)
    return StartingPoint(config, styles, bundle_weights(bundle, config), int(training.metrics["events"]))


def bundle_weights(bundle: EnsembleBundle, config: TrainingConfig) -> dict[str, Tensor]:
    """Return a bundle's weights under the names of the network's; fp32 ones where it has them."""
    variant = bundle.variant("fp32")
    constants: dict[str, np.ndarray] = {}
    for graph in (bundle.manifest.step, *bundle.manifest.heads):
        model = onnx.load_model_from_string(bundle.graph(graph, variant))
        constants |= {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    expected = EnsembleNetwork(config.network).state_dict()
    return {name: _weight(name, tuple(value.shape), constants) for name, value in expected.items()}


def _weight(name: str, shape: tuple[int, ...], constants: dict[str, np.ndarray]) -> Tensor:
    stored, place = name, slice(None)
    if name.startswith(f"{ALL_ENTRIES}."):
        number, kind = name.removeprefix(f"{ALL_ENTRIES}.").split(".")
        stored, place = f"{ALL_ENTRIES}.{kind}", slice(int(number) * shape[0], (int(number) + 1) * shape[0])
    if stored + INT8_SUFFIX in constants:
        value = constants[stored + INT8_SUFFIX].astype(np.float32) * constants[stored + SCALE_SUFFIX]
    elif stored in constants:
        value = constants[stored]
    else:
        raise TrainingError(f"the bundle's graphs have no weight {stored}")
    is_product = len(shape) == 2 and ("weight" in name.rsplit(".", 1)[-1])
    value = (value.T if is_product else value)[place]
    if value.shape != shape:
        raise TrainingError(f"the bundle's weight {stored} has the shape {value.shape}, expected {shape}")
    return torch.from_numpy(np.array(value, dtype=np.float32))
