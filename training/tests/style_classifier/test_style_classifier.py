import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_music.classifier import load_classifier
from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.networks import SmallNetwork
from euterpe_training.balancing.pixels import to_tensor
from euterpe_training.cli import app
from euterpe_training.errors import TrainingError
from euterpe_training.music_styles import style_of
from euterpe_training.style_classifier.export import build_classifier
from typer.testing import CliRunner


@pytest.mark.parametrize(
    ("path", "style"),
    [
        ("crnngan-corpus/classical/kuhlau/a.mid", "classical"),
        ("classical/bach/a.mid", "baroque"),
        ("hip_hop/50_cent/a.mid", "hip-hop"),
        ("nottingham/jigs1.mid", "folk"),
        ("nottingham/melody/jigs1.mid", None),
        ("pop909/001/001.mid", "pop"),
        ("pop909/001/versions/001-v1.mid", None),
        ("classical/lemire/a.mid", None),
    ],
)
def test_folders_determine_the_style(path: str, style: str | None) -> None:
    assert style_of(Path(path)) == style


def test_the_graph_computes_what_the_network_does(unbalanced: ImageSet) -> None:
    torch.manual_seed(3)
    network = SmallNetwork(1, 5)
    # Batch norm with statistics of its own, as after training.
    network.train()
    network(to_tensor(unbalanced.images))
    network.eval()
    windows = unbalanced.images[:7, :, :, 0]
    with torch.no_grad():
        expected = network(to_tensor(unbalanced.images[:7])).softmax(1).mean(0).numpy()
    session = onnxruntime.InferenceSession(build_classifier(network, 28), providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(["probabilities"], {"windows": windows})
    assert np.allclose(probabilities, expected, atol=1e-5)
    (alone,) = session.run(["probabilities"], {"windows": windows[:1]})
    assert alone.shape == (5,)


def test_from_midi_files_to_a_released_classifier(midi_directory: Path, tmp_path: Path) -> None:
    songs = sorted((midi_directory / "deeper").iterdir())
    corpus = tmp_path / "corpus"
    for number, path in enumerate(songs):
        folder = corpus / ("nottingham" if number < 6 else "jazz")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "models" / "style-classifier" / "0.1.0"
    arguments = ["balance", "styles", "--corpus", corpus, "--run", tmp_path / "run", "--out", out]
    arguments += ["--version", "0.1.0", "--methods", "unbalanced,loss:weighted", "--at-least", "5"]
    arguments += ["--epochs", "1", "--steps", "3"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    bundle = load_classifier(out)
    assert bundle.manifest.classes == ("folk", "jazz")
    scores = bundle.manifest.training["scores"]
    assert scores.keys() == {"unbalanced", "loss:weighted"}
    chosen = max(scores, key=lambda name: scores[name]["validation_macro_f1"])
    assert bundle.manifest.training["method"] == chosen
    assert "| folk | 6 |" in (out / "card.md").read_text()
    stored = json.loads((out / "classifier.json").read_text())
    # Networks of other settings are not reused, not even for another version.
    other = [*arguments[:-1], "4"]
    other[other.index("--version") + 1], other[other.index("--out") + 1] = "0.2.0", out.parent / "0.2.0"
    refused = CliRunner().invoke(app, [str(argument) for argument in other])
    assert isinstance(refused.exception, TrainingError)
    assert "with other settings; choose another --run" in str(refused.exception)
    again = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert isinstance(again.exception, TrainingError)
    assert "another version" in str(again.exception)
    assert json.loads((out / "classifier.json").read_text()) == stored
