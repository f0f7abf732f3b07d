"""Calibrate how a network's values are drawn, so that composed pieces are as predictable as held-out ones.

A network's own notes lead it astray: what it draws one after another becomes less or more probable to it than music
that it has not seen, by another amount in each column (Braverman et al. 2020, "Calibration, Entropy Rates, and Memory
in Language Models"). So each temperature is changed until the network's loss of the column is the same for composed
pieces as for validation pieces with the same settings. A loss says nothing of repetition, by which music differs most
from what is drawn value by value: figures are made likelier until as many of them are repeated.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from euterpe_music.bundle import EnsembleBundle
from euterpe_music.ensemble_parameters import ANY
from euterpe_music.note_events.piece import NotePiece
from euterpe_music.note_events.spec import COLUMNS

from euterpe_training.ensemble.dataset import PLAIN, Dataset, Example, make_example
from euterpe_training.ensemble.export.new_version import bundle_to_change, write_new_version
from euterpe_training.ensemble.losses import total_losses
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork
from euterpe_training.ensemble.sampling import Sampling, compose
from euterpe_training.ensemble.starting_point import StartingPoint, load_starting_point
from euterpe_training.ensemble.typical_requests import request_like
from euterpe_training.errors import TrainingError

_LOWEST, _HIGHEST = 0.4, 1.6
#: By which power of the ratio of losses the temperature of each column changes. The losses of `ensemble` 1.3.0 change
#: by about the sixth to the third power of a temperature.
_POWERS = np.array([0.2, 0.25, 0.2, 0.2, 0.25])
#: Losses differ by chance by less than this many nats.
_SMALL_LOSS = 0.05
#: The strength of figures at first, by how much it changes for e times too many new ones, and its limits.
_STRENGTH, _STRENGTH_STEP, _STRENGTHS = 2.0, 1.5, (0.0, 6.0)
#: Notes of a figure.
_FIGURE = 4
_MIN_PIECES = 8
_WINDOW_ROWS = 256


@dataclass(frozen=True)
class CalibrationSettings:
    """How many pieces are compared in how many rounds, notes of a piece at most, and what is sampled with.

    `chosen` are temperatures and the strength of figures of genres that are measured once instead of calibrated.
    """

    pieces: int = 48
    rounds: int = 5
    chosen: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    max_events: int = 640
    top_p: float = 0.98
    seed: int = 0


@dataclass(frozen=True)
class Calibration:
    """Temperatures and losses per value of the columns [5 each], of held-out and of composed pieces.

    `figure_strength` is that of `FigureMemory`, the next two fields are the new figures for each repeated one
    (`new_figures`). With `is_chosen`, the measures did not decide.
    """

    pieces: int
    temperatures: tuple[float, ...]
    held_out: tuple[float, ...]
    composed: tuple[float, ...]
    figure_strength: float
    held_out_figures: float
    composed_figures: float
    is_chosen: bool = False


def read_chosen(texts: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Read GENRE=T,T,T,T,T,S: temperatures of the columns and the strength of figures. Raises TrainingError."""
    found = {}
    for text in texts:
        genre, _, values = text.partition("=")
        try:
            found[genre] = tuple(float(value) for value in values.split(","))
        except ValueError:
            found[genre] = ()
        if len(found[genre]) != len(COLUMNS) + 1:
            raise TrainingError(f"{text!r} is not GENRE= and {len(COLUMNS) + 1} numbers, separated by commas")
    return found


def calibrate_bundle(
    directory: Path, version: str, data: Path, settings: CalibrationSettings, report: Callable[[str], None]
) -> tuple[EnsembleBundle, dict[str, Calibration]]:
    """Calibrate how a bundle's values are drawn, by genre, on a data set; write the bundle as another version.

    Its default temperature becomes 1. Raises TrainingError where the bundle is none of an ensemble, the version exists
    or no genre has enough validation pieces.
    """
    bundle = bundle_to_change(directory, version)
    start, dataset = load_starting_point(directory), Dataset(data)
    genres = calibrated_genres(dataset, start.config.sources)
    if not genres:
        raise TrainingError(f"no genre has {_MIN_PIECES} validation pieces")
    found = {genre: calibrate(start, dataset, genre, settings, report) for genre in genres}
    temperatures = {genre: one.temperatures for genre, one in found.items()}
    means = np.exp(np.log(list(temperatures.values())).mean(axis=0))
    temperatures[ANY] = tuple(np.round(means, 3).tolist())
    strengths = {genre: one.figure_strength for genre, one in found.items()}
    strengths[ANY] = round(float(np.mean(list(strengths.values()))), 3)
    sampling = bundle.manifest.sampling
    parameters = tuple(
        one.model_copy(update={"default": 1.0}) if one.name == "temperature" else one for one in sampling.parameters
    )
    written = write_new_version(
        bundle, version,
        {
            "column_temperatures": temperatures,
            "figure_strengths": strengths,
            "sampling": sampling.model_copy(update={"parameters": parameters}),
        },
        {"calibration": {genre: asdict(one) for genre, one in found.items()}}, _section(found),
    )  # fmt: skip
    return written, found


def calibrated_genres(dataset: Dataset, sources: Sequence[str]) -> list[str]:
    """Return the genres with enough validation pieces."""
    genres = [dataset.entries[number].genre for number in dataset.numbers("validation", sources).tolist()]
    return [genre for genre in dict.fromkeys(genres) if genres.count(genre) >= _MIN_PIECES]


def calibrate(
    start: StartingPoint, dataset: Dataset, genre: str, settings: CalibrationSettings, report: Callable[[str], None]
) -> Calibration:
    """Return how values of a genre are drawn. Raises TrainingError where it has too few validation pieces."""
    numbers = [
        number
        for number in dataset.numbers("validation", start.config.sources).tolist()
        if dataset.entries[number].genre == genre
    ]
    if len(numbers) < _MIN_PIECES:
        raise TrainingError(f"{genre} has {len(numbers)} validation pieces, at least {_MIN_PIECES} are needed")
    numbers = np.random.default_rng(settings.seed).permutation(numbers)[: settings.pieces].tolist()
    network, common_key = start.network(), start.config.mixture.common_key
    mixture = replace(PLAIN, max_events=settings.max_events, common_key=common_key)
    generator = np.random.default_rng(settings.seed)
    real = [dataset.piece(number) for number in numbers]
    held_out = _losses(network, [make_example(dataset, number, mixture, generator) for number in numbers])
    *first, strength = settings.chosen.get(genre, (*np.ones(len(COLUMNS)), _STRENGTH))
    temperatures = np.array(first)
    found: list[tuple[float, Calibration]] = []
    for number in range(1 if genre in settings.chosen else settings.rounds):
        sampling = Sampling(1.0, settings.top_p, settings.max_events, tuple(temperatures.tolist()), strength)
        pieces = _compose_alike(start, network, dataset, numbers, sampling, settings.seed + number)
        losses = _composed_losses(network, dataset, numbers, pieces, settings)
        shared = [min(len(one.notes), len(other.notes)) for one, other in zip(real, pieces, strict=True)]
        figures = new_figures(real, shared), new_figures(pieces, shared)
        changes = _POWERS * np.log((held_out + _SMALL_LOSS) / (losses + _SMALL_LOSS))
        change = float(np.log(figures[1] / figures[0]))
        calibration = Calibration(
            len(numbers), _rounded(temperatures), _rounded(held_out), _rounded(losses), round(strength, 3),
            round(figures[0], 2), round(figures[1], 2), genre in settings.chosen,
        )  # fmt: skip
        found.append((float(np.abs([*changes, change * _POWERS.mean()]).sum()), calibration))
        report(f"{genre}, round {number + 1}: {calibration}")
        temperatures = np.clip(temperatures * np.exp(changes), _LOWEST, _HIGHEST)
        strength = float(np.clip(strength + _STRENGTH_STEP * change, *_STRENGTHS))
    return min(found, key=lambda one: one[0])[1]


def _compose_alike(
    start: StartingPoint, network: EnsembleNetwork, dataset: Dataset, numbers: Sequence[int], sampling: Sampling,
    seed: int,
) -> list[NotePiece]:  # fmt: skip
    """Compose a piece like each of the numbered ones, in the key in which the network composes."""
    common_key = start.config.mixture.common_key
    requests = [
        replace(request_like(dataset, number, seed * 1_000_000 + place, common_key=common_key)[0], transposition=0)
        for place, number in enumerate(numbers)
    ]
    pieces = compose(network, start.styles, requests, sampling)
    for request, piece in zip(requests, pieces, strict=True):
        if "key" in request.conditions:
            piece.bars["key"] = request.conditions["key"][0]
    return pieces


def _composed_losses(
    network: EnsembleNetwork, dataset: Dataset, numbers: Sequence[int], pieces: Sequence[NotePiece],
    settings: CalibrationSettings,
) -> np.ndarray:  # fmt: skip
    mixture = replace(PLAIN, max_events=settings.max_events, common_key=False)
    generator = np.random.default_rng(settings.seed)
    return _losses(
        network,
        [
            make_example(dataset, number, mixture, generator, piece)
            for number, piece in zip(numbers, pieces, strict=True)
            if len(piece.notes)
        ],
    )


def _losses(network: EnsembleNetwork, examples: list[Example]) -> np.ndarray:
    total = total_losses(network, examples, _WINDOW_ROWS, torch.device("cpu")).numpy()
    return np.asarray(total[0] / np.maximum(total[1], 1), np.float64)


def new_figures(pieces: Sequence[NotePiece], counts: Sequence[int]) -> float:
    """Return how many figures are new for each one that the piece had before, in the first `counts` notes of pieces.

    Figures are the intervals between four notes that a part plays one after another.
    """
    new = repeated = 0
    for piece, count in zip(pieces, counts, strict=True):
        notes = piece.notes[:count]
        for part in np.unique(notes["part"]).tolist():
            intervals = np.diff(notes["pitch"][notes["part"] == part].astype(np.int64))
            if len(intervals) < _FIGURE - 1:
                continue
            figures = np.lib.stride_tricks.sliding_window_view(intervals, _FIGURE - 1)
            distinct = len(np.unique(figures, axis=0))
            new, repeated = new + distinct, repeated + len(figures) - distinct
    return (new + 1) / (repeated + 1)


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(value, 3) for value in values.tolist())


def _section(found: dict[str, Calibration]) -> list[str]:
    text = (
        "The temperature of a request is multiplied by that of each column, and pitches that complete a figure of "
        "their part become likelier by some nats. In brackets, what this was chosen by, of held-out → composed pieces "
        "with the same settings: the network's loss per value, and figures of four notes that are new for each "
        "repeated one."
    )
    rows = []
    for genre, one in found.items():
        cells = [
            f"{temperature:.2f} ({held_out:.2f} → {composed:.2f})"
            for temperature, held_out, composed in zip(one.temperatures, one.held_out, one.composed, strict=True)
        ]
        cells.append(f"{one.figure_strength:.2f} ({one.held_out_figures:.2f} → {one.composed_figures:.2f})")
        name = f"{genre} (chosen)" if one.is_chosen else genre
        rows.append(f"| {name} | {one.pieces} | {' | '.join(cells)} |")
    header = [f"| genre | pieces | {' | '.join(COLUMNS)} | figures |", f"|---|---:|{'---:|' * (len(COLUMNS) + 1)}"]
    return ["## Temperatures", "", text, "", *header, *rows]
