"""The thesis' study of melody networks (references.md §2) with held-out figures, and variants beyond it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from euterpe_training.errors import TrainingError
from euterpe_training.melody.config import MelodyConfig, Part
from euterpe_training.melody.corpus import MelodyCorpus, corpus_for
from euterpe_training.melody.recipes import melody_recipe
from euterpe_training.melody.study_report import Result, draw_study, study_report
from euterpe_training.melody.trainer import MelodyTrainer

_RUNS: Final = ("run1", "run2", "run3", "run4")
_PARTS: Final[tuple[Part, ...]] = ("melody", "accompaniment")
#: Names of networks in results.json before 2026-11-29, and their present names.
_OLD_NAMES: Final = {
    "told place, style and (accompaniment) melody": "conditioned on position, style and (accompaniment) melody",
    "… and its own words of earlier bars": "… and on bar-lag tokens",
    "… a transformer instead": "… with a transformer",
}


@dataclass(frozen=True)
class Scale:
    """The size of a study: units as a share of the thesis', epochs, songs of each corpus (0: all).

    Few songs make few batches; a higher learning rate and smaller batches then learn more in as many epochs.
    """

    units: float = 1.0
    epochs: int = 50
    songs: int = 0
    seed: int = 0
    rate: float = 1e-3
    batch: int = 64


def run_study(corpora: Sequence[Path], out: Path, scale: Scale, log: Callable[[str], None]) -> list[Result]:
    """Train all networks, one after the other, and write README.md, results.json and curves into `out`.

    Results in results.json are not computed again: a study can be stopped and continued, and corpora can be added, each
    at its own scale. Raise TrainingError when it has one of the corpora at another scale.
    """
    out.mkdir(parents=True, exist_ok=True)
    results, scales = _read(out / "results.json")
    for directory in corpora:
        if scales.setdefault(directory.name, scale) != scale:
            raise TrainingError(f"{out} has a study of {directory.name} at another scale; choose another --out")
        loaded: dict[tuple[int, bool], MelodyCorpus] = {}
        for group, name, config in plan(scale):
            if (directory.name, group, name, config.part) in {(r.corpus, r.group, r.name, r.part) for r in results}:
                continue
            key = (config.encoding, config.keys == "white")
            if key not in loaded:
                loaded[key] = corpus_for(directory, config)
            results.append(_train(loaded[key], group, name, config))
            last = results[-1]
            log(f"{last.corpus}, {group}, {name}, {last.part}: held-out loss {last.test_loss:.3f}")
            (out / "results.json").write_text(_json(results, scales), encoding="utf-8")
    places = {(group, name, str(config.part)): at for at, (group, name, config) in enumerate(plan(scale))}
    results.sort(key=lambda row: (row.corpus, places.get((row.group, row.name, row.part), len(places))))
    for corpus in scales:
        draw_study([row for row in results if row.corpus == corpus], out / f"curves-{corpus}.png")
    described = {corpus: asdict(of_corpus) for corpus, of_corpus in sorted(scales.items())}
    (out / "README.md").write_text(study_report(results, described), encoding="utf-8")
    return results


def plan(scale: Scale) -> Iterator[tuple[str, str, MelodyConfig]]:
    """Yield group, name and configuration of every network of a study; the names are keys of stored results."""
    for model in (1, 2):
        for run in _RUNS:
            for part in _PARTS:
                yield f"Model {model}", run, _scaled(replace(melody_recipe(run), encoding=model, part=part), scale)
    base = _scaled(replace(melody_recipe("run1"), one_hot=False, keys="white", window=128, dropout=0.1), scale)
    conditioned = replace(base, conditioned=True)
    for name, config in (
        ("as the thesis, in white keys", base),
        ("in a random key each time", replace(base, keys="augmented")),
        ("conditioned on position, style and (accompaniment) melody", conditioned),
        ("… and on bar-lag tokens", replace(conditioned, echoes=True)),
        ("… with layer norm", replace(conditioned, layer_norm=True)),
        ("… with tied weights", replace(conditioned, tied=True, embedding=conditioned.units)),
        (
            "… with a transformer",
            replace(conditioned, cell="transformer", units=conditioned.units // 4 * 4, layers=2),
        ),
    ):
        for part in _PARTS:
            yield "Beyond the thesis", name, replace(config, part=part)


def _scaled(config: MelodyConfig, scale: Scale) -> MelodyConfig:
    units = max(8, round(config.units * scale.units / 8) * 8)
    embedding = max(8, round(config.embedding * scale.units**0.5 / 8) * 8)
    return replace(
        config, units=units, embedding=embedding, epochs=scale.epochs, songs=scale.songs, seed=scale.seed,
        learning_rate=scale.rate, batch_size=scale.batch,
    )  # fmt: skip


def _train(corpus: MelodyCorpus, group: str, name: str, config: MelodyConfig) -> Result:
    trainer = MelodyTrainer(config, corpus)
    trainer.train()
    best = min(trainer.history, key=lambda epoch: epoch.validation.loss)
    test = trainer.score("test")
    seconds = sum(epoch.seconds for epoch in trainer.history)
    return Result(
        corpus=corpus.name,
        group=group,
        name=name,
        part=config.part,
        parameters=trainer.parameters,
        epochs=len(trainer.history),
        seconds_per_epoch=seconds / len(trainer.history),
        tokens_per_second=sum(epoch.tokens for epoch in trainer.history) / seconds,
        train_loss=best.train.loss,
        train_accuracy=best.train.accuracy,
        test_loss=test.loss,
        test_accuracy=test.accuracy,
        curve=tuple((epoch.train.loss, epoch.validation.loss) for epoch in trainer.history),
    )


def _json(results: Sequence[Result], scales: dict[str, Scale]) -> str:
    content: dict[str, Any] = {
        "scales": {corpus: asdict(scale) for corpus, scale in scales.items()},
        "results": [asdict(result) for result in results],
    }
    return json.dumps(content, indent=1) + "\n"


def _read(path: Path) -> tuple[list[Result], dict[str, Scale]]:
    if not path.is_file():
        return [], {}
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = [Result(**{**row, "name": _OLD_NAMES.get(row["name"], row["name"])}) for row in content["results"]]
    return rows, {corpus: Scale(**scale) for corpus, scale in content["scales"].items()}
