"""Adversarial training of a pretrained generator, on a tiny network and a synthetic corpus."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_music.bundle import load_bundle
from euterpe_training.bundle_label import BundleLabel
from euterpe_training.critics import SequenceCritic
from euterpe_training.crnngan.adversarial.config import AdversarialConfig
from euterpe_training.crnngan.adversarial.critic import critic_graph, critic_loss, make_critic
from euterpe_training.crnngan.adversarial.evaluation import Measures
from euterpe_training.crnngan.adversarial.training import LOG_FILE, AdversarialTraining, load_critic_graph
from euterpe_training.crnngan.adversarial.updates import Policy, advantages, divergence, one_hot, policy_loss
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.evaluation import sample
from euterpe_training.crnngan.export.release import export_generator
from euterpe_training.crnngan.models.categorical import CategoricalGenerator
from euterpe_training.crnngan.models.classes import EventClasses
from euterpe_training.crnngan.recipes import CrnnganConfig, recipe
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.errors import TrainingError

CPU = torch.device("cpu")
SMALL = AdversarialConfig(steps=2, batch=4, events=16, shortest_window=8, critic_warmup=2)
Start = tuple[Path, Corpus]


@pytest.fixture(scope="session")
def tiny() -> CrnnganConfig:
    """A categorical generator that trains in less than a second."""
    euterpe = recipe("euterpe")
    return replace(
        recipe("smoke"), spec=euterpe.spec, outputs="categorical", styles=("deeper",), pretraining_epochs=1,
        max_epoch=0, density_edges=euterpe.density_edges,
    )  # fmt: skip


@pytest.fixture(scope="session")
def start(midi_directory: Path, tiny: CrnnganConfig, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """A pretrained run and its corpus."""
    corpus, directory = load_corpus(midi_directory, tiny.spec, tiny.corpus), tmp_path_factory.mktemp("start")
    trainer = Trainer(tiny, corpus)
    list(trainer.epochs())
    trainer.save(directory)
    return directory, corpus


def weights(training: AdversarialTraining) -> torch.Tensor:
    both = [*training.policy.g.parameters(), *training.critic.parameters()]
    return torch.cat([parameter.detach().flatten() for parameter in both])


def train(config: AdversarialConfig, start: Start, directory: Path) -> AdversarialTraining:
    training = AdversarialTraining(config, *start, CPU)
    assert training.run(directory, lambda _: None)
    return training


@pytest.mark.parametrize("method", ["policy", "relaxed"])
def test_training_changes_both_networks_and_keeps_its_start(method: str, start: Start, tmp_path: Path) -> None:
    before = (start[0] / "checkpoint.pt").read_bytes()
    untouched = AdversarialTraining(SMALL, *start, CPU)
    training = train(replace(SMALL, method=method, rate=1e-3), start, tmp_path)
    assert (start[0] / "checkpoint.pt").read_bytes() == before
    for one, other in ((training.policy.g, untouched.policy.g), (training.critic, untouched.critic)):
        assert any(not torch.equal(*pair) for pair in zip(one.parameters(), other.parameters(), strict=True))
    for one, other in zip(training.reference.g.parameters(), untouched.policy.g.parameters(), strict=True):
        assert torch.equal(one, other)
    rows = [json.loads(line) for line in (tmp_path / LOG_FILE).read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2]
    assert rows[0]["kl"] == pytest.approx(0, abs=1e-6)
    assert rows[1]["kl"] > 1e-6


@pytest.mark.parametrize("method", ["policy", "relaxed"])
def test_a_stopped_run_continues_bit_for_bit(method: str, start: Start, tmp_path: Path) -> None:
    config = replace(SMALL, method=method, steps=3)
    whole = train(config, start, tmp_path / "whole")
    part = AdversarialTraining(config, *start, CPU)
    part.run(tmp_path / "part", lambda _: None, until=0)
    part.step()
    part.save(tmp_path / "part")
    resumed = AdversarialTraining.resume(tmp_path / "part", *start, CPU)
    assert resumed.steps_done == 1
    resumed.run(tmp_path / "part", lambda _: None)
    assert torch.equal(weights(resumed), weights(whole))


def test_pieces_continue_for_several_updates(start: Start) -> None:
    training = AdversarialTraining(replace(SMALL, segments=2, rate=1e-9), *start, CPU)
    parts = []
    for _ in range(3):
        training.step()
        parts.append((training.kept[-1], training._controls, training._states[1:]))
    assert torch.equal(parts[0][1], parts[1][1])
    with torch.no_grad():
        whole = torch.cat([codes for codes, _, _ in parts[:2]])
        _, expected = training.reference.log_probabilities(whole, parts[0][1])
    # G has hardly changed, so that its state after two updates is also the reference's.
    for state in parts[1][2]:
        assert torch.allclose(state.h, expected.h, atol=1e-4)
        assert torch.equal(state.clock, expected.clock)
    # The third update begins anew.
    assert torch.equal(training._states[0].h, torch.zeros_like(training._states[0].h))


class PrefersOnePitch(SequenceCritic):
    """Rewards events of pitch class 20 only."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return (features[..., 1] == 20).float()


def test_the_policy_gradient_raises_what_the_critic_rewards(tiny: CrnnganConfig) -> None:
    torch.manual_seed(0)
    classes = EventClasses(tiny.spec)
    policy = Policy(CategoricalGenerator(classes, 16, 1, 3, head=8), 1.0)
    critic, optimizer = PrefersOnePitch(classes.sizes), torch.optim.Adam(policy.g.parameters(), 0.02)

    def share() -> float:
        return float((policy.compose(torch.rand(16, 256, 4), torch.zeros(256, 3))[0][..., 1] == 20).float().mean())

    before = share()
    for _ in range(20):
        controls = torch.zeros(64, 3)
        codes, _ = policy.compose(torch.rand(16, 64, 4), controls)
        loss = policy_loss(policy.log_probabilities(codes, controls)[0], codes, advantages(critic, codes, 0.0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert share() > 5 * before


def test_rewards_are_credited_to_the_events_before_them() -> None:
    codes = torch.zeros(4, 2, 4, dtype=torch.long)
    codes[2, 0, 1] = 20
    found = advantages(PrefersOnePitch((2, 30, 2, 2)), codes, 0.5)
    # The first piece's return is 1 at the event, a half one before, a quarter two before, and 0 after it.
    assert found[:, 0].div(found[2, 0]).tolist() == pytest.approx([0.25, 0.5, 1, 0])
    assert found.sum(1).abs().max() < 1e-6


def test_the_divergence_is_that_of_the_distributions() -> None:
    one, other = torch.tensor([[[0.5, 0.5]]]), torch.tensor([[[0.25, 0.75]]])
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert float(divergence([one.log()], [other.log()])) == pytest.approx(expected)
    assert float(divergence([one.log()], [one.log()])) == 0


@pytest.mark.parametrize("relativistic", [False, True])
def test_the_critic_learns_to_tell_music_apart(tiny: CrnnganConfig, relativistic: bool) -> None:
    torch.manual_seed(1)
    classes = EventClasses(tiny.spec)
    critic = make_critic(classes, 0.0)
    optimizer = torch.optim.Adam(critic.parameters(), 3e-3)
    real, fake = (torch.stack([torch.randint(low, low + 8, (16, 12)) for _ in range(4)], -1) for low in (0, 8))
    sides = [one_hot(codes, classes.sizes) for codes in (real, fake)]
    for _ in range(15):
        loss = critic_loss(critic, *sides, penalty=0.1, real_label=0.9, relativistic=relativistic)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        assert critic(real).mean() > critic(fake).mean() + 1
        assert torch.allclose(critic.rate(critic.embed(sides[0])), critic(real), atol=1e-5)


def test_the_exported_critic_rates_events_as_the_network_does(start: Start, tmp_path: Path) -> None:
    training = train(SMALL, start, tmp_path / "run")
    trainer = Trainer.resume(tmp_path / "run", start[1])
    critic, label = load_critic_graph(tmp_path / "run", trainer), BundleLabel("tiny", "0.0.1", "Tiny", "")
    bundle = load_bundle(export_generator(trainer, tmp_path / "tiny" / "0.0.1", label, None, critic).directory)
    assert bundle.critic == critic
    assert "candidates" in [parameter.name for parameter in bundle.manifest.sampling.parameters]
    [events] = sample(bundle, 1, 50, seed=0).swapaxes(0, 1)
    session = onnxruntime.InferenceSession(bundle.critic)
    codes = torch.from_numpy(training.policy.g.classes.encode(events).astype(np.int64))
    with torch.no_grad():
        expected = float(training.critic.eval()(codes[None]).mean())
    assert session.run(["score"], {"events": events})[0] == pytest.approx([expected], abs=1e-5)
    assert critic == critic_graph(training.critic, training.policy.g.classes)


def test_a_continuous_generator_is_refused(corpus: Corpus, config: CrnnganConfig, tmp_path: Path) -> None:
    Trainer(config, corpus).save(tmp_path)
    with pytest.raises(TrainingError, match="outputs=categorical"):
        AdversarialTraining(SMALL, tmp_path, corpus, CPU)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [("method=magic", "policy or relaxed"), ("kl=-1", "kl must be"), ("shortest_window=999", "at most events")],
)
def test_invalid_settings_are_reported(assignment: str, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        AdversarialConfig().changed([assignment])


def test_limits_on_copies_diversity_and_loss() -> None:
    start = Measures(0.97, 0.96, 0.98, 0.98, 0.05, 1.0, 1.0, 0.1, 6.0)
    assert replace(start, accuracy=0.8, copied=0.055, loss=6.29).broken_limits(start) == []
    worse = replace(start, copied=0.07, unique=0.9, unique_openings=0.9, shared=0.2, loss=6.31)
    assert worse.broken_limits(start) == [
        "copying", "unique pieces", "unique openings", "overlap between pieces", "held-out loss",
    ]  # fmt: skip
