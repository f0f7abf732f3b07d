"""Pieces generated from a bundle and held-out pieces, with the same measures."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import onnxruntime
from euterpe_music.bundle import Bundle
from euterpe_music.events import decode
from euterpe_music.measures import measure
from euterpe_music.piece import Piece
from euterpe_music.spec import EventSpec
from numpy.typing import NDArray

from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.evaluation.scores import Score, from_piece

#: Pieces that are composed at once, and events of a piece whose windows are compared.
_BATCH: Final = 100
_EVENTS: Final = 400
#: The measures in the card.
REPORTED: Final = (
    "duration_seconds", "notes_per_second", "notes_per_quarter", "lowest_pitch", "highest_pitch", "tone_span",
    "mean_pitch", "unique_pitches", "scale_score", "polyphony", "mean_duration_quarters", "unique_durations",
    "velocity_span", "longest_run",
)  # fmt: skip


def sample(
    bundle: Bundle, pieces: int, length: int, seed: int = 0, parameters: Mapping[str, Any] | None = None
) -> NDArray[np.float32]:
    """Return events [length, pieces, features] from the bundle's graph, run as in the generator service.

    `parameters` are values of the manifest's user parameters; raise ParameterError for unknown ones.
    """
    random = np.random.default_rng(seed)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(bundle.graph(), options, providers=["CPUExecutionProvider"])
    graph = bundle.manifest.graph
    feeds: dict[str, NDArray[np.float32]] = {
        graph.noise: random.random((length, pieces, bundle.manifest.noise_size), np.float32)
    }
    for pair in graph.state:
        shape = [axis if isinstance(axis, int) else pieces for axis in graph.input(pair.input).axes]
        draws = random.random(shape, np.float32)
        feeds[pair.input] = draws if pair.initial == "uniform" else np.zeros_like(draws)
    if graph.controls is not None:
        values = bundle.manifest.sampling.check(parameters or {})
        feeds[graph.controls] = np.tile(bundle.manifest.control_vector(values), (pieces, 1))
    events: NDArray[np.float32] = session.run([graph.events], feeds)[0]
    return events


def sample_scores(
    bundle: Bundle, pieces: int, seed: int = 0, parameters: Mapping[str, Any] | None = None
) -> list[Score]:
    """Return scores of pieces that are long enough for windows at random positions; see `sample`."""
    scores: list[Score] = []
    for batch in range(0, pieces, _BATCH):
        events = sample(bundle, min(_BATCH, pieces - batch), _EVENTS, seed * 1000 + batch, parameters)
        scores += [from_piece(piece) for piece in to_pieces(events, bundle.spec)]
    return scores


def to_pieces(events: NDArray[np.float32], spec: EventSpec) -> list[Piece]:
    """Decode events [length, pieces, features] into pieces."""
    return [decode(events[:, index], spec) for index in range(events.shape[1])]


def held_out_pieces(corpus: Corpus, spec: EventSpec, length: int, pieces: int = 256, seed: int = 0) -> list[Piece]:
    """Return one window of `length` events of each of up to `pieces` test songs, decoded like generated ones."""
    random = np.random.default_rng(seed)
    songs = random.permutation(corpus.split("test"))
    long_enough = songs[np.diff(corpus.offsets)[songs] >= length][:pieces]
    return to_pieces(corpus.windows(long_enough, length, random), spec)


def summarise(pieces: list[Piece]) -> dict[str, dict[str, float]]:
    """Return the mean and the quartiles of every reported measure over `pieces`."""
    rows = [measure(piece) for piece in pieces]
    summary: dict[str, dict[str, float]] = {}
    for name in REPORTED:
        values = np.array([getattr(row, name) for row in rows], np.float64)
        q1, median, q3 = np.percentile(values, [25, 50, 75])
        figures = {"mean": values.mean(), "q1": q1, "median": median, "q3": q3}
        summary[name] = {key: round(float(value), 3) for key, value in figures.items()}
    return summary


def compare(bundle: Bundle, corpus: Corpus, pieces: int = 256, length: int = 100) -> dict[str, Any]:
    """Return the measures of generated pieces and of held-out ones of the same number of events."""
    return {
        "pieces": pieces,
        "length": length,
        "generated": summarise(to_pieces(sample(bundle, pieces, length), bundle.spec)),
        "held_out": summarise(held_out_pieces(corpus, bundle.spec, length, pieces)),
    }
