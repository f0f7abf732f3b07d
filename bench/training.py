"""Speed of reading corpora and of adversarial training: `make bench-training` (CORPUS=DIR for real files).

Without CORPUS, 400 synthetic files of 600 notes are the corpus.
"""

import statistics
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import symusic
import torch
from euterpe_music.midi import Piece, write_midi
from euterpe_music.piece import make_notes
from euterpe_training.crnngan.corpora import Corpus, CorpusOptions, load_corpus
from euterpe_training.crnngan.models.crnngan import Generator
from euterpe_training.crnngan.recipes import recipe
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.machine import configure_process
from report import report

SONGS = 200
ROUNDS = 3


def synthetic_corpus(directory: Path, files: int = 400, notes: int = 600) -> Path:
    """Write random pieces into a directory."""
    random = np.random.default_rng(0)
    for number in range(files):
        onsets = np.cumsum(random.choice([0, 120, 240], notes))
        piece = Piece(480, make_notes(onsets, 240, random.integers(40, 90, notes), random.integers(40, 100, notes)))
        (directory / f"{number:04}.mid").write_bytes(write_midi(piece))
    return directory


def files_per_second(directory: Path) -> tuple[float, float]:
    """Return files per second of wall-clock time and of CPU time, on one core, in the thesis' representation."""
    config = recipe("model10")
    wall, cpu = time.perf_counter(), time.process_time()
    corpus = load_corpus(directory, config.spec, config.corpus)
    files = len(corpus) + len(corpus.skipped)
    return files / (time.perf_counter() - wall), files / (time.process_time() - cpu)


def adversarial_epoch(rounds: int = ROUNDS) -> tuple[float, float]:
    """Return wall-clock and CPU seconds of an adversarial epoch: 200 songs, hidden 100, batches of 20, 100 events."""
    events = np.random.default_rng(0).normal(size=(SONGS * 200, 4)).astype(np.float32)
    names, digests = tuple(f"{n}.mid" for n in range(SONGS)), tuple(str(n) for n in range(SONGS))
    offsets, numbers = np.arange(SONGS + 1) * 200, np.arange(SONGS)
    corpus = Corpus("random", names, events, offsets, np.ones(SONGS), numbers, digests, {}, "")
    settings = {"select_validation_percentage": 0.0, "select_test_percentage": 0.0, "max_epoch": rounds + 1}
    config = replace(
        recipe("model6"), **settings, pretraining_epochs=0, adam=True, learning_rate=1e-4, freezing=False,
        spec=recipe("classical").spec, corpus=CorpusOptions(min_events=100),
    )  # fmt: skip
    wall, cpu = [], []
    mark = time.process_time()
    for epoch in Trainer(config, corpus).epochs():
        wall.append(epoch.seconds)
        cpu.append(time.process_time() - mark)
        mark = time.process_time()
    return statistics.median(wall[1:]), statistics.median(cpu[1:])


def naive_epoch() -> tuple[float, float]:
    """Return the same for plain PyTorch: its LSTM step by step, and a backward pass through D per network."""

    def step_by_step(generator: Generator, noise: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        return generator.generate(noise, first)[0]

    with (
        patch.object(Generator, "rollout", step_by_step), patch.object(Trainer, "single_backward", False),
        patch("euterpe_training.crnngan.models.crnngan.run_lstm", lambda lstm, events: lstm(events)[0]),
    ):  # fmt: skip
        return adversarial_epoch(rounds=1)


def parser_per_second(directory: Path) -> float:
    """Return files per CPU second that symusic parses: the upper bound of the speed of reading."""
    contents = [path.read_bytes() for path in directory.rglob("*.mid")]
    cpu, parsed = time.process_time(), 0
    for content in contents:
        with suppress(RuntimeError, ValueError):
            parsed += bool(symusic.Score.from_midi(content).tracks)
    return parsed / (time.process_time() - cpu)


def main() -> None:
    """Print the table, and the figures as JSON."""
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(sys.argv[1]) if len(sys.argv) > 1 else synthetic_corpus(Path(scratch))
        parser = parser_per_second(directory)
        rate, rate_cpu = files_per_second(directory)
    line = f"{'corpus to arrays':34}{rate:>9.0f} files/s{rate_cpu:>9.0f} per CPU second ({parser:.0f} parsed alone)"
    print(line, flush=True)
    naive, naive_cpu = naive_epoch()
    configure_process(2)
    seconds, seconds_cpu = adversarial_epoch()
    print(f"{'adversarial epoch of 200 songs':34}{seconds:>9.2f} s{seconds_cpu:>14.2f} CPU s", flush=True)
    print(f"{'the same with plain PyTorch':34}{naive:>9.2f} s{naive_cpu:>14.2f} CPU s")
    figures = {
        "corpus_files_per_s": round(rate, 1), "corpus_files_per_cpu_s": round(rate_cpu, 1),
        "parser_files_per_cpu_s": round(parser, 1), "adversarial_epoch_s": round(seconds, 3),
        "adversarial_epoch_cpu_s": round(seconds_cpu, 3), "naive_epoch_s": round(naive, 3),
        "naive_epoch_cpu_s": round(naive_cpu, 3),
    }  # fmt: skip
    report("training", figures)


if __name__ == "__main__":
    main()
