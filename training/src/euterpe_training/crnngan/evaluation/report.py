"""The evaluation of a bundle: its pieces, real music and Markov chains, each compared with held-out pieces."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from euterpe_music.bundle import Bundle
from euterpe_music.measures import measure
from euterpe_music.piece import Piece
from numpy.typing import NDArray

from euterpe_training.crnngan.evaluation.reference import Reference
from euterpe_training.crnngan.evaluation.sampling import sample, to_pieces
from euterpe_training.evaluation.copied_passages import KnownPassages
from euterpe_training.evaluation.loops import longest_loop_bars
from euterpe_training.evaluation.markov import Markov
from euterpe_training.evaluation.muspy_metrics import muspy_metrics
from euterpe_training.evaluation.overlap import likeness, mean_overlap
from euterpe_training.evaluation.statistics import statistics

#: Number and events of the long pieces that are searched for loops.
_LONG_EVENTS: Final = 1000
_LONG_PIECES: Final = 32
_MAX_LOOP_BARS: Final = 8.0
_MIN_OVERLAP: Final = 0.8

#: Generates pieces: (number, events per piece, seed) → pieces.
Maker = Callable[[int, int, int], list[Piece]]


def evaluate(
    bundle: Bundle,
    reference: Reference,
    *,
    length: int = 100,
    pieces: int = 200,
    seeds: int = 5,
    legacy: bool = False,
    after: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Evaluate a bundle; return plain values for JSON.

    Each seed generates pieces and draws as many windows from one half of the held-out songs; the ceiling compares the
    other half with the same windows. `after` is called with the name of every finished part.
    """
    random = np.random.default_rng(0)
    held = random.permutation(reference.held_out)
    halves = held[: len(held) // 2], held[len(held) // 2 :]
    pieces = min(pieces, len(halves[0]), len(halves[1]))
    index = KnownPassages([piece.notes["pitch"] for piece in reference.songs(reference.known)])
    after("corpus")
    rows: dict[str, dict[str, Any]] = {}
    for name, maker in makers(bundle, reference, halves[1]).items():
        rows[name] = _row(maker, reference, halves[0], index, (length, pieces, seeds))
        after(name)
    report = {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}",
        "length": length, "pieces": pieces, "seeds": seeds,
        "held_out_songs": len(held), "known_songs": len(reference.known), "held_out_stated": reference.stated,
        "overlap_area": rows["generated"]["overlap_area"],
        "overlap_area_ceiling": rows["held out"]["overlap_area"],
        "rows": rows,
        "statistics": _statistics(makers(bundle, reference, halves[1]), length, pieces, legacy),
        "statistics_mode": "legacy" if legacy else "corrected",
    }  # fmt: skip
    return {**report, "goals": goals(rows)}


def makers(bundle: Bundle, reference: Reference, others: NDArray[np.int64]) -> dict[str, Maker]:
    """Return the sources of the table's rows; `others` are held-out songs outside the half that is compared with."""

    def generated(pieces: int, length: int, seed: int) -> list[Piece]:
        return to_pieces(sample(bundle, pieces, length, seed), bundle.spec)

    def real(pieces: int, length: int, seed: int) -> list[Piece]:
        random = np.random.default_rng([seed, 1])
        songs = others[np.diff(reference.corpus.offsets)[others] >= length]
        return reference.windows(random.permutation(songs)[:pieces], length, random)

    features = reference.spec.features
    tones = range(1, features, 3)
    parts = [[0, *tones], [tone + 1 for tone in tones], [tone + 2 for tone in tones]]
    return {
        "generated": generated,
        "held out": real,
        "3-gram, parts apart": _markov(reference, parts),
        "3-gram, whole events": _markov(reference, [list(range(features))]),
    }


def _markov(reference: Reference, streams: Sequence[Sequence[int]]) -> Maker:
    """Return a Markov chain as a source of pieces; it is built at the first call."""
    corpus = reference.corpus
    built: list[tuple[list[NDArray[np.float32]], Markov]] = []

    def make(pieces: int, length: int, seed: int) -> list[Piece]:
        if not built:
            columns = [np.unique(column, return_inverse=True) for column in corpus.events.T]
            codes = np.stack([numbers.ravel() for _, numbers in columns], 1)
            spans = zip(corpus.offsets[reference.known], corpus.offsets[reference.known + 1], strict=True)
            built.append(([values for values, _ in columns], Markov([codes[low:high] for low, high in spans], streams)))
        values, chain = built[0]
        random = np.random.default_rng([seed, 2])
        made = np.stack([chain.sample(length, random) for _ in range(pieces)], 1)
        events = np.stack([values[column][made[..., column]] for column in range(len(values))], -1)
        return to_pieces(events, reference.spec)

    return make


def _row(
    maker: Maker, reference: Reference, songs: NDArray[np.int64], index: KnownPassages, sizes: tuple[int, int, int]
) -> dict[str, Any]:
    length, pieces, seeds = sizes
    found, everything = [], []
    for seed in range(seeds):
        made = maker(pieces, length, seed)
        random = np.random.default_rng([seed, 3])
        real = reference.windows(random.permutation(songs)[:pieces], length, random)
        found.append(likeness(made, real))
        everything += made
    long = [piece for piece in maker(_LONG_PIECES, _LONG_EVENTS, seeds) if len(piece.notes)]
    loops = np.array([longest_loop_bars(piece) for piece in long])
    pitches = [piece.notes["pitch"] for piece in everything]
    measured = [measure(piece) for piece in everything]
    overlaps = [mean_overlap(one) for one in found]
    return {
        "overlap_area": _mean(overlaps), "overlap_area_sd": round(float(np.std(overlaps)), 4),
        "kl": _mean([one.kl for each in found for one in each.values()]),
        "overlap_by_feature": {name: _mean([one[name].overlap_area for one in found]) for name in found[0]},
        "kl_by_feature": {name: _mean([one[name].kl for one in found]) for name in found[0]},
        "scale_score": _quartiles([one.scale_score for one in measured]),
        "notes_per_quarter": _quartiles([one.notes_per_quarter for one in measured]),
        "unique": round(len({piece.notes.tobytes() for piece in everything}) / len(everything), 4),
        "copied": round(index.pooled_share(pitches), 4),
        "longest_copied": int(index.longest_runs(pitches[:pieces]).max(initial=0)),
        "longest_loop_bars": round(float(loops.max()), 2) if len(loops) else 0.0,
        "looping": round(float((loops > _MAX_LOOP_BARS).mean()), 4) if len(loops) else 0.0,
        "late_density": _late_density(long),
    }  # fmt: skip


def goals(rows: dict[str, dict[str, Any]]) -> dict[str, bool]:
    """Return the goals for a default model, and whether they are met."""
    made, real = rows["generated"], rows["held out"]

    def inside(name: str) -> bool:
        return bool(real[name]["q1"] <= made[name]["median"] <= real[name]["q3"])

    chains = [row for name, row in rows.items() if name.startswith("3-gram")]
    return {
        "overlap_area at least 0.80": made["overlap_area"] >= _MIN_OVERLAP,
        "overlap_area above the Markov chain of parts": made["overlap_area"] > chains[0]["overlap_area"],
        "scale_score in the corpus' middle half": inside("scale_score"),
        "notes_per_quarter in the corpus' middle half": inside("notes_per_quarter"),
        "no loops longer than 8 bars, beyond the corpus' share": made["looping"] <= real["looping"],
        "all pieces unique": made["unique"] == 1.0,
        "memorized no more than held-out songs": made["copied"] <= real["copied"],
    }


def _statistics(found: dict[str, Maker], length: int, pieces: int, legacy: bool) -> dict[str, dict[str, float]]:
    """Return means of the reference's statistics and of muspy's metrics, for the bundle and for held-out music."""
    table: dict[str, dict[str, float]] = {}
    for name in ("generated", "held out"):
        made = found[name](pieces, length, 0)
        own = [_flat(one.to_dict()) for one in (statistics(piece, legacy) for piece in made) if one]
        metrics = [muspy_metrics(piece) for piece in made]
        table[name] = {key: _mean([row[key] for row in own]) for key in own[0]} if own else {}
        table[name] |= {f"muspy {key}": _mean([row[key] for row in metrics]) for key in metrics[0]}
    return table


def _flat(row: dict[str, Any]) -> dict[str, float]:
    repeated = {f"repetitions_{n}": value for n, value in row.pop("repetitions").items()}
    ranked = row.pop("top_intervals")
    interval, share = ranked[0] if ranked else (0, 0.0)
    return {**row, **repeated, "top_interval": interval, "top_interval_share": share}


def _late_density(long: Sequence[Piece]) -> float:
    """Return the density of the last fifth of long pieces' notes, divided by that of the first fifth; median."""
    ratios = []
    for piece in long:
        onsets = piece.notes["onset"]
        fifth = len(onsets) // 5
        if fifth > 1:
            ratios.append(max(int(onsets[fifth] - onsets[0]), 1) / max(int(onsets[-1] - onsets[-fifth - 1]), 1))
    return round(float(np.median(ratios)), 3) if ratios else 0.0


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return round(float(np.mean(known)), 4) if known else 0.0


def _quartiles(values: Sequence[float]) -> dict[str, float]:
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    return {"q1": round(float(q1), 4), "median": round(float(median), 4), "q3": round(float(q3), 4)}
