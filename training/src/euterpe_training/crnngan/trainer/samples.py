"""The switch `sample`: MIDI files generated with the weights of a run."""

from pathlib import Path

import numpy as np
import torch
from euterpe_music.events import decode
from euterpe_music.midi import write_midi

from euterpe_training.crnngan.trainer.trainer import Trainer

SAMPLES = "samples"


def write_samples(trainer: Trainer, out: Path) -> list[Path]:
    """Write a batch of pieces of `songlength` events as `samples/NUMBER.mid` under `out`; return the paths.

    Equal weights give equal files.
    """
    config = trainer.config
    torch.manual_seed(config.seed)
    songs = np.resize(trainer.songs["train"], config.batch_size)
    with torch.no_grad():
        events = trainer.pretraining.rollout(config.songlength, songs, np.random.default_rng(config.seed)).cpu().numpy()
    directory = out / SAMPLES
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(events.shape[1]):
        path = directory / f"{number:03}.mid"
        path.write_bytes(write_midi(decode(events[:, number], config.spec)))
        paths.append(path)
    return paths
