"""Makes tiny-ensemble/0.0.1, the bundle that tests use: a network of 16 units with random weights.

Run from the repository root: .venv/bin/python services/generator/tests/data/generate_tiny_ensemble.py
"""

from pathlib import Path

import torch
from euterpe_music.bundle import write_ensemble_bundle
from euterpe_music.ensemble_manifest import EnsembleManifest, StyleInfo
from euterpe_music.ensemble_parameters import ensemble_parameters
from euterpe_music.manifest import IntRange, Sampling
from euterpe_music.note_events.spec import BAR, FORMAT
from euterpe_music.note_events.vocabulary import vocabulary_sha256
from euterpe_training.ensemble.config import NetworkConfig
from euterpe_training.ensemble.export.bundle import CONDITIONS, network_graphs
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from euterpe_training.onnx_graph import OPSET
from torch import nn

CONFIG = NetworkConfig(
    width=16, layers=2, heads=2, key_width=4, feed_forward=32, echo_width=4, head_width=16, style_sizes=(3, 3, 2)
)
STYLES = (
    StyleInfo(path="classical", numbers=(1, 0, 0), pieces=4, meter="4/4", tempo=100.0),
    StyleInfo(path="classical/baroque", numbers=(1, 1, 0), pieces=3, meter="3/4", tempo=80.0),
    StyleInfo(path="classical/baroque/bach", numbers=(1, 1, 1), pieces=2, meter="3/4", tempo=80.0),
    StyleInfo(path="folk", numbers=(2, 0, 0), pieces=9, meter="6/8", tempo=150.0),
)


def main() -> None:
    """Writes the bundle next to this file; the same bytes with the same version of PyTorch."""
    torch.manual_seed(5)
    network = EnsembleNetwork(CONFIG).eval()
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.3)
        # Some six notes a bar.
        network.heads.exits[0].bias[BAR] += 3.0
    step, heads, files = network_graphs(network, ("int8",))
    parameters = ensemble_parameters(
        styles=[style.path for style in STYLES], meters=("4/4", "3/4", "6/8"), bars=(2, 4, 16)
    )
    manifest = EnsembleManifest(
        kind="ensemble", name="tiny-ensemble", version="0.0.1", title="Tiny ensemble",
        description="Random weights, for tests only.", licence="Apache-2.0", created="2026-11-30", events=FORMAT,
        events_sha256=vocabulary_sha256(), opset=OPSET, step=step, heads=heads, variant="int8", styles=STYLES,
        conditions=CONDITIONS, sampling=Sampling(length=IntRange(min=2, default=4, max=16), parameters=parameters),
    )  # fmt: skip
    write_ensemble_bundle(Path(__file__).parent / "tiny-ensemble" / "0.0.1", manifest, files)


if __name__ == "__main__":
    main()
