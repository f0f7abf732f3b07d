import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_training.balancing.classifier import TrainedClassifier
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.networks import make_network
from euterpe_training.balancing.onnx_export import save_classifier


@pytest.mark.parametrize(
    ("name", "mirror"), [("small", True), ("resnet8", False), ("squeezenet1_1", False), ("efficientnet_b0", False)]
)
def test_the_graph_has_the_probabilities_of_the_classifier(
    unbalanced: ImageSet, tmp_path: Path, name: str, mirror: bool
) -> None:
    torch.manual_seed(0)
    fitted = TrainedClassifier(make_network(name, 1, 3), torch.device("cpu"), mirror=mirror)
    save_classifier(fitted, unbalanced, tmp_path / "deep" / "one.onnx", {"seed": 4})
    session = onnxruntime.InferenceSession(str(tmp_path / "deep" / "one.onnx"))
    for count in (1, 5):
        images = unbalanced.take(np.arange(count))
        [found] = session.run(None, {"images": images.images})
        np.testing.assert_allclose(found, fitted.probabilities(images), atol=1e-4)
    described = json.loads((tmp_path / "deep" / "one.json").read_text())
    assert described == {"classes": ["c0", "c1", "c2"], "height": 28, "width": 28, "channels": 1, "seed": 4}
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["one.json", "one.onnx"]
