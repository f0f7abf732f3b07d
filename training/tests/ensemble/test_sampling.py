from pathlib import Path

import numpy as np
import pytest
import symusic
from euterpe_music.note_events.rules import Rules
from euterpe_music.note_events.spec import METERS
from euterpe_training.ensemble.config import recipe
from euterpe_training.ensemble.sampling import Request, Sampling, compose, draw, load_network, write_samples
from euterpe_training.ensemble.trainer import Machine, Trainer
from euterpe_training.errors import TrainingError


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that is hardly trained."""
    directory = tmp_path_factory.mktemp("run")
    machine = Machine(threads=1, cpu_seconds=0.01, evaluate_every=10**9, validation_pieces=1)
    Trainer(recipe("tiny"), data, directory, machine).train(lambda _: None)
    return directory


def test_pieces_have_the_asked_bars_parts_and_meter(run: Path) -> None:
    network, styles = load_network(run)
    rules = Rules(meter=METERS.index((3, 4)), max_bar_events=12)
    requests = [Request("pop", bars=bars, parts=(40, 50), rules=rules, seed=bars) for bars in (3, 6)]
    pieces = compose(network, styles, requests, Sampling())
    assert [len(piece.bars) for piece in pieces] == [3, 6]
    for piece in pieces:
        assert set(piece.notes["part"].tolist()) <= {40, 50}
        assert set(piece.bars["meter"].tolist()) == {METERS.index((3, 4))}
        assert piece.notes["position"].max() < 72


def test_a_piece_is_the_same_in_any_company(run: Path) -> None:
    network, styles = load_network(run)
    request = Request(bars=3, parts=(50,), rules=Rules(max_bar_events=8), seed=5)
    alone = compose(network, styles, [request], Sampling())[0]
    other = Request("pop", bars=5, parts=(40,), rules=Rules(max_bar_events=8), seed=1)
    together = compose(network, styles, [other, request], Sampling())[1]
    assert np.array_equal(alone.notes, together.notes)


def test_only_the_nucleus_of_legal_values_is_drawn() -> None:
    logits = np.tile(np.log(np.array([0.5, 0.3, 0.15, 0.05])), (300, 1))
    mask = np.tile([False, True, True, True], (300, 1))
    uniforms = np.random.default_rng(0).random(300)
    drawn = draw(logits, mask, Sampling(top_p=0.8), uniforms)
    assert set(drawn.tolist()) == {1, 2}
    assert np.mean(drawn == 1) == pytest.approx(2 / 3, abs=0.1)
    assert set(draw(logits, mask, Sampling(temperature=0.01), uniforms).tolist()) == {1}


def test_samples_are_midi_files(run: Path, tmp_path: Path) -> None:
    write_samples(
        run, tmp_path, names=("pop", "", ""), parts="piano, violin", bars=2, meter="4/4", tempo=100, count=2, seed=7,
        sampling=Sampling(max_events=60),
    )  # fmt: skip
    scores = [symusic.Score(str(tmp_path / f"000{seed}.mid")) for seed in (7, 8)]
    assert all(score.note_num() for score in scores)
    assert all(score.tempos[0].qpm == pytest.approx(100, rel=0.04) for score in scores)


def test_unknown_parts_and_meters_are_named(run: Path, tmp_path: Path) -> None:
    arguments = {"names": ("", "", ""), "bars": 2, "tempo": 100, "count": 1, "seed": 0, "sampling": Sampling()}
    with pytest.raises(TrainingError, match="unknown part 'kazoo'"):
        write_samples(run, tmp_path, parts="kazoo", meter="4/4", **arguments)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="unknown meter 17/4"):
        write_samples(run, tmp_path, parts="piano", meter="17/4", **arguments)  # type: ignore[arg-type]
