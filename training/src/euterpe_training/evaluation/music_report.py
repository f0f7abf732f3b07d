"""All measures of composed music beside real music, style by style, as plain values for JSON."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from euterpe_training.evaluation.clashes import clash_share
from euterpe_training.evaluation.copied_passages import KnownPassages
from euterpe_training.evaluation.diversity import measure_diversity
from euterpe_training.evaluation.endings import density_ratio, find_ending, longest_note_and_rest
from euterpe_training.evaluation.held_out_works import WorkSplit
from euterpe_training.evaluation.key_agreement import key_relation, score_key
from euterpe_training.evaluation.meter_agreement import estimate_meter_class, meter_class
from euterpe_training.evaluation.scores import GRID, Score
from euterpe_training.evaluation.self_similarity import LAGS, bar_similarity, rhythm_similarity
from euterpe_training.evaluation.two_sample import (
    Accuracy,
    Sample,
    feature_test,
    make_sample,
    telling_features,
    velocity_effects,
)
from euterpe_training.evaluation.windows import WINDOW_NOTES, draw_windows

FORMAT: Final = "euterpe-evaluation/1"
#: Windows of a side that a result should rest on; a report with fewer says so.
WANTED_WINDOWS: Final = 400
ALL: Final = "all"


@dataclass(frozen=True)
class Options:
    """How an evaluation is done; everything that decides its figures besides the music."""

    windows: int = WANTED_WINDOWS
    notes: int = WINDOW_NOTES
    seed: int = 0
    #: Times that real works are split in halves to test real music against real music.
    repeats: int = 3
    #: Whether the network on piano rolls tests all styles together, too. It takes minutes and PyTorch.
    rolls: bool = True


def evaluate_music(
    composed: Sequence[Score],
    real: WorkSplit,
    options: Options,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Return the report. Styles that both sides have are compared one by one, and all of the composed pieces' together.

    Composed pieces without a style are compared with all test works.
    """
    named = sorted({score.style for score in composed} & {score.style for score in (*real.test, *real.others)})
    mine = [score for score in composed if score.style in named] if named else list(composed)
    test = [score for score in real.test if not named or score.style in named]
    others = [score for score in real.others if not named or score.style in named]
    styles: dict[str, Any] = {}
    for style in [*(named if len(named) > 1 else []), ALL]:
        made, held, rest = ([one for one in side if style in (ALL, one.style)] for side in (mine, test, others))
        progress(f"two-sample test of {style}")
        rolls = options.rolls and style == ALL
        styles[style] = two_sample_tests(made, held, rest, replace(options, rolls=rolls))
    progress("measures of pieces")
    return {
        "format": FORMAT,
        "styles_compared": named or [ALL],
        "options": asdict(options) | {"grid": GRID},
        "works": {
            "test": len({one.work for one in test}), "others": len({one.work for one in others}),
            "split": real.source, "files_skipped": len(real.skipped),
        },
        "two_sample": styles,
        "pieces": {"composed": measure_pieces(mine), "test works": measure_pieces(test)},
        "copying": measure_copying(mine, test, others, options),
        "diversity": {"composed": asdict(measure_diversity(mine)), "test works": asdict(measure_diversity(test))},
    }  # fmt: skip


def two_sample_tests(
    composed: Sequence[Score], test: Sequence[Score], others: Sequence[Score], options: Options
) -> dict[str, Any]:
    """Return both classifiers, with and without velocity, and real works against real works."""
    random = np.random.default_rng([options.seed, 1])
    samples = [make_sample(draw_windows(side, options.windows, random, options.notes)) for side in (test, composed)]
    pairs = _halves([*test, *others], options)
    tests: dict[str, Any] = {}
    real: dict[str, Any] = {}
    for name, velocity in (("notes", False), ("notes_and_velocity", True)):
        tests[name] = feature_test(*samples, velocity=velocity, seed=options.seed).to_dict()
        real[name] = _averaged([feature_test(*pair, velocity=velocity, seed=options.seed) for pair in pairs])
    if options.rolls:
        from euterpe_training.evaluation.roll_classifier import roll_test

        tests["piano_rolls"] = roll_test(*samples, velocity=False, seed=options.seed).to_dict()
        real["piano_rolls"] = _averaged([roll_test(*pairs[0], velocity=False, seed=options.seed)])
    return {
        "tests": tests,
        "real_against_real": real,
        "telling_features": [asdict(one) for one in telling_features(*samples, seed=options.seed)],
        "telling_velocity_features": [asdict(one) for one in velocity_effects(*samples)],
        "fewer_windows_than_wanted": min(map(len, samples)) < WANTED_WINDOWS,
    }


def _halves(scores: Sequence[Score], options: Options) -> list[tuple[Sample, Sample]]:
    """Return windows of random halves of the works, which share no work; one division per repeat."""
    random = np.random.default_rng([options.seed, 2])
    pool = make_sample(draw_windows(scores, 2 * options.windows, random, options.notes))
    works = sorted(set(pool.works))
    pairs = []
    for _ in range(options.repeats):
        first = set(random.permutation(works)[: len(works) // 2].tolist())
        mask = np.array([work in first for work in pool.works], bool)
        pairs.append((pool.part(mask), pool.part(~mask)))
    return pairs


def _averaged(results: Sequence[Accuracy]) -> dict[str, Any]:
    """Return means over repeats: an interval is that of a single one, since the repeats share works."""
    rows = [result.to_dict() for result in results]
    mean = {name: round(float(np.mean([row[name] for row in rows])), 4) for name in ("accuracy", "low", "high")}
    sizes = {name: rows[0][name] for name in rows[0] if name.endswith(("windows", "works"))}
    return mean | sizes | {"repeats": [row["accuracy"] for row in rows]}


def measure_pieces(scores: Sequence[Score]) -> dict[str, Any]:
    """Return measures of whole pieces; each names in `pieces` how many it rests on."""
    endings = [found for score in scores if (found := find_ending(score)) is not None]
    with_bars = [(bar_similarity(score), rhythm_similarity(score)) for score in scores if len(score.bars) > 1]
    asked_keys = [(score_key(score), score.key) for score in scores if score.key]
    relations = [key_relation(found, asked) for found, asked in asked_keys if found and asked]
    one_meter = [score for score in scores if len(score.meters) == 1 and meter_class(score.meters[0])]
    meters = [(estimate_meter_class(score), meter_class(score.meters[0])) for score in one_meter]
    longest = [longest_note_and_rest(score) for score in scores if len(score)]
    return {
        "pieces": len(scores),
        "ends_on_tonic": _share([one.on_tonic for one in endings]),
        "ends_with_tonic_in_bass": _share([one.bass for one in endings]),
        "ends_with_tonic_in_bass_by_meter": _share([one.bass_in_meter for one in endings]),
        "ends_with_tonic_in_melody": _share([one.melody for one in endings]),
        "ends_on_beat": _share([one.on_beat for one in endings]),
        "key_as_stated": _share([one == "same" for one in relations]),
        "key_as_stated_or_relative": _share([one in ("same", "relative") for one in relations]),
        "meter_as_stated": _share([found == asked for found, asked in meters if found]),
        "bar_similarity": {str(lag): _quartiles([one.get(lag) for one, _ in with_bars]) for lag in LAGS},
        "bar_rhythm_similarity": {str(lag): _quartiles([one.get(lag) for _, one in with_bars]) for lag in LAGS},
        "clash_share": _quartiles([clash_share(score) for score in scores]),
        "density_last_over_first_fifth": _quartiles([density_ratio(score) for score in scores]),
        "longest_note_bars": _quartiles([note for note, _ in longest]),
        "longest_rest_bars": _quartiles([rest for _, rest in longest]),
    }


def measure_copying(
    composed: Sequence[Score], test: Sequence[Score], others: Sequence[Score], options: Options
) -> dict[str, Any]:
    """Return copied 8-grams and longest copied runs, of composed pieces and of test works.

    Both are cut to windows of equal length. Composed ones are compared with every real work, test works with all works
    but the test works: what these share is common property of a style.
    """
    random = np.random.default_rng(0)
    rows = {}
    for name, scores, corpus in (("composed", composed, [*test, *others]), ("test works", test, others)):
        known = KnownPassages([score.pitch for score in corpus])
        windows = draw_windows(scores, options.windows, random, options.notes)
        pitches = [window.pitch for window in windows]
        shares, runs = known.copied_share(pitches), known.longest_runs(pitches)
        rows[name] = {
            "windows": len(windows), "notes": options.notes,
            "copied_8_grams": _quartiles(shares.tolist()), "longest_run": _quartiles(runs.tolist()),
            "longest_run_of_all": int(runs.max()) if len(runs) else 0,
        }  # fmt: skip
    return rows


def _share(values: Sequence[bool | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    return {"share": round(float(np.mean(known)), 4), "pieces": len(known)} if known else None


def _quartiles(values: Sequence[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    q1, median, q3 = np.percentile(known, [25, 50, 75])
    named = {"mean": float(np.mean(known)), "q1": float(q1), "median": float(median), "q3": float(q3)}
    return {name: round(value, 4) for name, value in named.items()} | {"pieces": len(known)}


__all__ = ["ALL", "FORMAT", "Options", "evaluate_music", "measure_copying", "measure_pieces"]
