"""Model 2 from training to composed pieces: two heads with a shared dense layer, exported, and run by the engine."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from euterpe_generator.engine.request import Finished, Request
from euterpe_generator.models.catalogue import Model
from euterpe_generator.models.loader import load_model
from euterpe_music.bundle import MelodyBundle, load_any_bundle
from euterpe_music.melody_parameters import RANDOM_STRATEGIES, STRATEGIES
from euterpe_music.midi import write_midi
from euterpe_music.piece import Piece
from euterpe_training.errors import TrainingError
from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.corpus import MelodyCorpus, corpus_for
from euterpe_training.melody.evaluation import held_out
from euterpe_training.melody.export.release import MelodyLabel, release_melody
from euterpe_training.melody.recipes import melody_recipe
from euterpe_training.melody.sampling import SamplingParams, generate
from euterpe_training.melody.trainer import MelodyTrainer

TINY = replace(
    melody_recipe("run2"), encoding=2, units=16, layers=2, embedding=8, epochs=2, batch_size=8, learning_rate=0.02,
    precision="float32",
)  # fmt: skip
LABEL = MelodyLabel("two-heads", "0.1.0", "Two heads", "")
SLOTS = 8


@pytest.fixture(scope="module")
def corpus(two_folders: Path) -> MelodyCorpus:
    return corpus_for(two_folders, TINY)


@pytest.fixture(scope="module")
def trainers(corpus: MelodyCorpus) -> dict[str, MelodyTrainer]:
    torch.set_num_threads(1)
    made = {}
    for part in ("melody", "accompaniment"):
        made[part] = MelodyTrainer(TINY.changed([f"part={part}"]), corpus)
        made[part].train()
    return made


@pytest.fixture(scope="module")
def bundle(trainers: dict[str, MelodyTrainer], tmp_path_factory: pytest.TempPathFactory) -> MelodyBundle:
    directory = tmp_path_factory.mktemp("models") / "two-heads" / "0.1.0"
    return release_melody(trainers["melody"], trainers["accompaniment"], directory, LABEL, pieces=8)


@pytest.fixture(scope="module")
def model(bundle: MelodyBundle) -> Model:
    return load_model(bundle.directory, SLOTS)


def test_the_dense_layer_is_shared_by_both_heads(trainers: dict[str, MelodyTrainer]) -> None:
    network: Any = trainers["melody"].network
    assert network.dense.weight.shape == (16, 16)
    assert network.output.weight.shape == (sum(trainers["melody"].token_format.sizes), 16)
    assert MelodyTrainer(replace(TINY, dense=False), trainers["melody"].corpus).parameters == (
        trainers["melody"].parameters - 16 * 16 - 16
    )
    assert melody_recipe("run1").has_dense_layer is False
    assert melody_recipe("run1").changed(["encoding=2"]).has_dense_layer
    with pytest.raises(TrainingError, match="dense need cell"):
        replace(melody_recipe("transformer"), encoding=2, dense=True)


def test_the_bundle_s_graphs_have_the_network_s_held_out_loss(
    bundle: MelodyBundle, trainers: dict[str, MelodyTrainer]
) -> None:
    assert load_any_bundle(bundle.directory) == bundle
    assert bundle.manifest.encoding == 2
    for part, trainer in trainers.items():
        whole = MelodyTrainer(replace(trainer.config, window=800), trainer.corpus)
        whole.network.load_state_dict(trainer.best)
        here = whole.score("test")
        there = held_out(bundle, part, trainer.corpus.split("test"))  # type: ignore[arg-type]
        assert abs(here.loss - there["loss"]) < 1e-3
        assert np.allclose(here.accuracy, [there["accuracy"], there["duration_accuracy"]], atol=1e-6)
        card = (bundle.directory / "card.md").read_text()
        assert f"{there['accuracy']:.3f} / {there['duration_accuracy']:.3f}" in card
    assert "Model 2 of the thesis" in card
    assert "not conditioned" in card


def test_evaluation_samples_both_heads(bundle: MelodyBundle) -> None:
    pieces, again = (generate(bundle, 3, 4, params=SamplingParams(1.2, 1.0, 5)) for _ in range(2))
    assert pieces == again
    for piece in pieces:
        assert piece.accompaniment is not None
        assert {piece.melody.end, piece.accompaniment.end} == {4 * 4 * 24}
        assert len(piece.melody) > 4


def test_parameters_have_the_meter_of_an_unconditioned_network_and_no_style(model: Model) -> None:
    assert {one.name for one in model.sampling.parameters} & {"style", "meter"} == {"meter"}


def compose(model: Model, requests: Mapping[str, tuple[int, dict[str, Any]]]) -> dict[str, Piece]:
    """Compose pieces side by side, from seed and parameters by name."""
    resolved = {}
    for name, (seed, requested) in requests.items():
        parameters = model.check_parameters("body.parameters", requested)
        resolved[name] = model.adapter.resolve_parameters(parameters, requested, None)
        inputs = model.adapter.session_inputs(resolved[name], None)
        model.scheduler.submit(Request(name, "", seed=seed, steps=inputs.steps, inputs=inputs))
    pieces = {}
    while not model.scheduler.idle:
        for update in model.scheduler.step():
            if isinstance(update, Finished):
                pieces[update.id] = model.decode(update.events, resolved[update.id])
    return pieces


def test_every_strategy_composes_both_heads_with_equal_bytes_in_any_company(model: Model) -> None:
    requests = {one: (3, {"strategy": one, "bars": 4}) for one in STRATEGIES}
    requests |= {f"{one} 2": (4, {"strategy": one, "bars": 6}) for one in RANDOM_STRATEGIES}
    together = compose(model, requests)
    assert together.keys() == requests.keys()
    for name, request in requests.items():
        piece = together[name]
        assert write_midi(compose(model, {name: request})[name]) == write_midi(piece)
        assert set(piece.notes["track"].tolist()) == {0, 1}
        assert piece.end_tick <= request[1]["bars"] * 4 * piece.ticks_per_quarter
    assert len({write_midi(piece) for piece in together.values()}) >= len(STRATEGIES)


def test_runs_of_different_models_do_not_make_a_bundle(
    trainers: dict[str, MelodyTrainer], two_folders: Path, tmp_path: Path
) -> None:
    config: MelodyConfig = replace(TINY, encoding=1, part="accompaniment")
    other = MelodyTrainer(config, corpus_for(two_folders, config))
    with pytest.raises(TrainingError, match="encoding"):
        release_melody(trainers["melody"], other, tmp_path, LABEL)
