"""The thesis' study of melody networks (references.md §2) with held-out figures, and variants beyond it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from euterpe_training.errors import TrainingError
from euterpe_training.melody.config import MelodyConfig, Part
from euterpe_training.melody.recipes import melody_recipe
from euterpe_training.melody.run_queue import CorpusChoice, PlannedRun, RunQueue, read_results
from euterpe_training.melody.study_report import write_study_report

RUNS: Final = ("run1", "run2", "run3", "run4")
#: Directory of the runs' results in that of a study.
RUNS_DIRECTORY: Final = "runs"
_PARTS: Final[tuple[Part, ...]] = ("melody", "accompaniment")
#: Units and epochs of the pair of runs that compares training on all positions with one target per window.
_PAIR: Final = (128, 10)


@dataclass(frozen=True)
class Scale:
    """The size of a study: units as a share of the thesis', epochs, songs per corpus (0: all), and number of seeds.

    `rate` and `batch` are the learning rate and the windows per batch, which the thesis does not state for its runs.
    """

    units: float = 1.0
    epochs: int = 50
    songs: int = 62
    seeds: int = 3
    rate: float = 1e-3
    batch: int = 64


def run_study(
    corpora: Sequence[CorpusChoice], out: Path, scale: Scale, log: Callable[[str], None], *,
    budget_minutes: float = 0.0, variants: bool = False, estimate_only: bool = False,
) -> bool:  # fmt: skip
    """Log an estimate, train the missing runs within the budget, and write the report; return whether all are complete.

    Results are in `runs/*/results.json`; a study can be stopped and continued, and corpora can be added. Raise
    TrainingError when it has runs at another scale.
    """
    directory = out / RUNS_DIRECTORY
    stored = read_results(directory)
    for result in stored:
        different = [name for name, value in asdict(scale).items() if name not in ("songs", "seeds")
                     and result.scale.get(name) != value]  # fmt: skip
        if different:
            raise TrainingError(f"{out} has a study with other {' and '.join(different)}; choose another --out")
    queue = RunQueue(list(plan(corpora, scale, variants=variants)), directory, budget_minutes=budget_minutes, log=log)
    if queue.waiting:
        queue.estimate_seconds()
    if estimate_only:
        return not queue.waiting
    is_complete = queue.execute()
    if read_results(directory):
        write_study_report(read_results(directory), out)
    return is_complete


def plan(corpora: Sequence[CorpusChoice], scale: Scale, *, variants: bool = False) -> Iterator[PlannedRun]:
    """Yield every run of a study; group and name are keys of stored results.

    All runs have their first seed before any has its second, so that a budget is spent on all of them.
    """
    described = asdict(scale)
    for seed in range(scale.seeds):
        for corpus in corpora:
            for group, name, config in _configurations(scale, with_variants=variants and not seed, with_pair=not seed):
                settled = replace(config, seed=seed, songs=scale.songs, style=corpus.style)
                yield PlannedRun(group, name, corpus, settled, described)


def _configurations(scale: Scale, *, with_variants: bool, with_pair: bool) -> Iterator[tuple[str, str, MelodyConfig]]:
    for model in (1, 2):
        for run in RUNS:
            for part in _PARTS:
                yield f"Model {model}", run, _scaled(replace(melody_recipe(run), encoding=model, part=part), scale)
    if with_pair:
        units, epochs = _PAIR
        small = replace(_scaled(replace(melody_recipe("run1"), units=units), scale), epochs=min(epochs, scale.epochs))
        yield "Targets per window", "all positions", small
        yield "Targets per window", "the last position, as the thesis", replace(small, targets="last")
    if with_variants:
        for name, config in _variants(scale):
            for part in _PARTS:
                yield "Beyond the thesis", name, replace(config, part=part)


def _variants(scale: Scale) -> Iterator[tuple[str, MelodyConfig]]:
    base = _scaled(replace(melody_recipe("run1"), one_hot=False, keys="white", window=128, dropout=0.1), scale)
    conditioned = replace(base, conditioned=True)
    yield "as the thesis, in white keys", base
    yield "in a random key each time", replace(base, keys="augmented")
    yield "conditioned on position, style and (accompaniment) melody", conditioned
    yield "… and on bar-lag tokens", replace(conditioned, echoes=True)
    yield "… with layer norm", replace(conditioned, layer_norm=True)
    yield "… with tied weights", replace(conditioned, tied=True, embedding=conditioned.units)
    yield (
        "… with a transformer",
        replace(
            conditioned, cell="transformer", units=conditioned.units // 4 * 4, layers=2, one_hot=False, dense=False
        ),
    )


def _scaled(config: MelodyConfig, scale: Scale) -> MelodyConfig:
    units = max(8, round(config.units * scale.units / 8) * 8)
    embedding = max(8, round(config.embedding * scale.units**0.5 / 8) * 8)
    return replace(
        config, units=units, embedding=embedding, epochs=scale.epochs, learning_rate=scale.rate, batch_size=scale.batch
    )
