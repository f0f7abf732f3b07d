"""A synthetic corpus: short tunes with chords and a random melody."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from euterpe_music.midi import Piece, Tempo, Track, write_midi
from euterpe_music.piece import make_notes
from euterpe_service_kit.settings import ObjectStoreSettings
from euterpe_training.balancing.images import ImageSet
from euterpe_training.crnngan.corpora import Corpus, load_corpus
from euterpe_training.crnngan.recipes import CrnnganConfig, recipe


def tune(seed: int, beats: int = 40) -> Piece:
    """Triads on each beat under eighths, in D major."""
    random = np.random.default_rng(seed)
    scale = np.array([0, 2, 4, 5, 7, 9, 11]) + 62
    chords = make_notes(
        np.repeat(np.arange(beats), 3) * 480,
        480,
        (random.integers(0, 5, beats)[:, None] * 2 + [38, 42, 45]).ravel(),
        60,
    )
    melody = make_notes(np.arange(2 * beats) * 240, 240, random.choice(scale, 2 * beats), 90)
    return Piece(480, np.concatenate([chords, melody]), (Track(0),), (Tempo(0, 100.0),))


@pytest.fixture(scope="session")
def make_tune() -> Callable[[int], Piece]:
    return tune


@pytest.fixture(scope="session")
def midi_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("corpus") / "tunes"
    (directory / "deeper").mkdir(parents=True)
    for seed in range(12):
        (directory / "deeper" / f"tune-{seed:02}.mid").write_bytes(write_midi(tune(seed)))
    (directory / "short.MID").write_bytes(write_midi(tune(99, beats=1)))
    (directory / "broken.mid").write_bytes(b"RIFF....")
    (directory / "notes.txt").write_text("not music")
    return directory


@pytest.fixture(scope="session")
def config() -> CrnnganConfig:
    return replace(recipe("smoke"), pretraining_epochs=2, max_epoch=2, batch_size=3)


@pytest.fixture(scope="session")
def corpus(midi_directory: Path, config: CrnnganConfig) -> Corpus:
    return load_corpus(midi_directory, config.spec, config.corpus)


@pytest.fixture
def s3_environment(object_store_settings: ObjectStoreSettings, monkeypatch: pytest.MonkeyPatch) -> ObjectStoreSettings:
    """A real bucket, whose credentials are in the variables that AWS's tools read."""
    settings = object_store_settings
    assert settings.endpoint_url
    monkeypatch.setenv("AWS_ENDPOINT_URL", settings.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", settings.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", settings.secret_access_key.get_secret_value())
    return settings


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


MakeBars = Callable[..., ImageSet]


def bars(counts: list[int], size: int = 28, channels: int = 1, seed: int = 0) -> ImageSet:
    """Return images of noise with a bright bar, whose row determines the class."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    images = random.integers(0, 60, (len(labels), size, size, channels)).astype(np.uint8)
    step = size // len(counts)
    for image, label in zip(images, labels, strict=True):
        top = label * step + random.integers(0, max(1, step // 2))
        image[top : top + 3, random.integers(0, 6) : size - random.integers(0, 6)] = random.integers(180, 255)
    return ImageSet("bars", images, labels.astype(np.int64), tuple(f"c{n}" for n in range(len(counts))))


@pytest.fixture(scope="session")
def make_bars() -> MakeBars:
    return bars


@pytest.fixture(scope="session")
def unbalanced() -> ImageSet:
    return bars([60, 24, 8])
