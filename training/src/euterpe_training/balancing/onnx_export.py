"""Trained classifiers as ONNX graphs."""

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from euterpe_training.balancing.classifier import TrainedClassifier
from euterpe_training.balancing.images import ImageSet
from euterpe_training.files import write_atomically

_OPSET = 18


class _FromPixels(nn.Module):
    """Images uint8 [count, height, width, channels] → probabilities [count, classes]."""

    def __init__(self, network: nn.Module, mirror: bool) -> None:
        super().__init__()
        self.network, self.mirror = network, mirror

    def forward(self, images: Tensor) -> Tensor:
        scaled = images.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1
        found: Tensor = self.network(scaled).softmax(1)
        if self.mirror:
            found = (found + self.network(scaled.flip(3)).softmax(1)) / 2
        return found


def save_classifier(fitted: TrainedClassifier, images: ImageSet, path: Path, described: dict[str, Any]) -> None:
    """Write the graph `images` uint8 [count, height, width, channels] → `probabilities` [count, classes] to `path`.

    A JSON file of the same name has the classes in the order of the outputs, the size of images, and `described`.
    """
    height, width = images.size
    module = _FromPixels(fitted.network, fitted.mirror).cpu().eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with warnings.catch_warnings():
        # The newer exporter needs a package that is not required otherwise; warnings are about that and about tracing.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (torch.zeros(2, height, width, images.channels, dtype=torch.uint8),), partial, dynamo=False,
            opset_version=_OPSET, input_names=["images"], output_names=["probabilities"],
            dynamic_axes={"images": {0: "count"}, "probabilities": {0: "count"}},
        )  # fmt: skip
    fitted.network.to(fitted.device)
    partial.replace(path)
    described = {"classes": images.classes, "height": height, "width": width, "channels": images.channels, **described}
    write_atomically(path.with_suffix(".json"), json.dumps(described, indent=1) + "\n")
