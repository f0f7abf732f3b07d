"""Export of finished runs as a bundle with figures, pictures and card."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from euterpe_music.bundle import MelodyBundle, write_melody_bundle
from euterpe_music.manifest import CorpusInfo, IntRange, Sampling, TrainingInfo
from euterpe_music.melody_manifest import MelodyManifest, TokenGraph
from euterpe_music.melody_parameters import melody_parameters

from euterpe_training.bundle_label import BundleLabel
from euterpe_training.errors import TrainingError
from euterpe_training.melody.corpus import SPLITS, MelodyCorpus
from euterpe_training.melody.evaluation import choose_sampling, evaluate, real_pieces
from euterpe_training.melody.export.bundle import bundle_part
from euterpe_training.melody.export.card import melody_card
from euterpe_training.melody.pictures import draw_curves, draw_rolls
from euterpe_training.melody.sampling import SamplingParams, generate
from euterpe_training.melody.trainer import Epoch, MelodyTrainer

#: Bars of a piece: minimum, default, maximum.
BARS: Final = (2, 16, 64)


@dataclass(frozen=True)
class MelodyLabel(BundleLabel):
    """The texts of a bundle, its default tempo and instruments, and notes for the card."""

    bpm: float = 120.0
    instruments: tuple[str, str] = ("acoustic grand piano", "acoustic grand piano")
    notes: str = ""


def release_melody(
    melody: MelodyTrainer, accompaniment: MelodyTrainer | None, directory: Path, label: MelodyLabel, pieces: int = 96
) -> MelodyBundle:
    """Export the best weights of both networks of Model 1 or 2, evaluate them on the test songs, and write the card.

    The default sampling parameters are selected on the validation songs. The default variant is int8 if its held-out
    loss is within one per cent of fp32's. Raise TrainingError when the runs differ in corpus or encoding.
    """
    trainers = {"melody": melody} | ({"accompaniment": accompaniment} if accompaniment else {})
    for name, trainer in trainers.items():
        same = (trainer.corpus.sha256, trainer.config.encoding) == (melody.corpus.sha256, melody.config.encoding)
        if trainer.config.part != name or not same:
            raise TrainingError(f"the run for the {name} has another part, corpus or encoding")
    graphs: dict[Any, TokenGraph] = {}
    files: dict[str, bytes] = {}
    for name, trainer in trainers.items():
        weights = {key: value.float().cpu().numpy() for key, value in trainer.best.items()}
        int8 = trainer.config.cell != "transformer"
        graphs[name], more = bundle_part(name, weights, trainer.config, trainer.token_format, int8=int8)  # type: ignore[arg-type]
        files |= more
    bundle = write_melody_bundle(directory, _manifest(melody, graphs, label, SamplingParams()), files)
    params = choose_sampling(bundle, melody.corpus.split("validation"), min(pieces, 32))
    report = evaluate(bundle, melody.corpus.split("test"), pieces, params)
    training = _training(trainers, report, label)
    manifest = _manifest(melody, graphs, label, params).model_copy(
        update={"training": training, "variant": _variant(report)}
    )
    bundle = write_melody_bundle(directory, manifest, files)
    write_melody_card(bundle, melody.corpus)
    return bundle


def write_melody_card(bundle: MelodyBundle, corpus: MelodyCorpus) -> None:
    """Write card.md, curves.png and pianoroll.png."""
    assert bundle.manifest.training is not None
    draw_curves(bundle.manifest.training.metrics, bundle.directory / "curves.png")
    styles = bundle.manifest.styles or (None,)
    shown = [style for style in ("jigs", "reels", "waltzes") if style in styles] or list(styles)[:3]
    shown = (shown * 3)[:3]
    params = SamplingParams(**bundle.manifest.training.measures["drawing"], seed=5)
    generated = [(f"generated: {style}", generate(bundle, 3, 16, style, params)[at]) for at, style in enumerate(shown)]
    real = real_pieces([song for song in corpus.split("test") if song.style == shown[0]])[:1]
    titled = [*generated, *((f"held out: {shown[0]}", piece) for piece in real)]
    draw_rolls(titled, bundle.directory / "pianoroll.png")
    (bundle.directory / "card.md").write_text(melody_card(bundle), encoding="utf-8")


def _manifest(
    trainer: MelodyTrainer, graphs: dict[Any, TokenGraph], label: MelodyLabel, params: SamplingParams
) -> MelodyManifest:
    corpus = trainer.corpus
    bars = dict(zip(("min", "default", "max"), BARS, strict=True))
    # Only networks that are conditioned on the style follow it; the others are asked for a meter.
    conditioned = trainer.config.conditioned
    parameters = melody_parameters(
        bars=BARS, styles=corpus.styles if conditioned else (), meters=() if conditioned else meters(corpus),
        bpm=label.bpm, instruments=label.instruments, top_p=params.top_p, temperature=params.temperature,
        accompanied="accompaniment" in graphs, strategy="top_p",
    )  # fmt: skip
    return MelodyManifest(
        kind="melody",
        name=label.name,
        version=label.version,
        title=label.title,
        description=label.description,
        licence=label.licence,
        created=label.date,
        encoding=1 if trainer.config.encoding == 1 else 2,
        styles=corpus.styles,
        style_meters=style_meters(corpus),
        tonality="white" if trainer.config.keys == "white" else "any",
        bpm=label.bpm,
        graphs=graphs,
        sampling=Sampling(length=IntRange(**bars), parameters=parameters),
    )


def meters(corpus: MelodyCorpus) -> tuple[str, ...]:
    """Return the meters of the songs, the commonest first."""
    found = [str(song.meter) for song in corpus.songs]
    return tuple(sorted(set(found), key=lambda meter: (-found.count(meter), meter)))


def style_meters(corpus: MelodyCorpus) -> dict[str, str]:
    """Return the commonest meter of each style."""
    found: dict[str, str] = {}
    for style in corpus.styles:
        meters = [str(song.meter) for song in corpus.songs if song.style == style]
        found[style] = max(sorted(set(meters)), key=meters.count)
    return found


def _variant(report: dict[str, Any]) -> Any:
    if "int8" not in report:
        return "fp32"
    losses = [[report[variant]["held_out"][part]["loss"] for part in report["fp32"]["held_out"]]
              for variant in ("fp32", "int8")]  # fmt: skip
    return "int8" if np.all(np.array(losses[1]) <= 1.01 * np.array(losses[0])) else "fp32"


def _training(trainers: dict[str, MelodyTrainer], report: dict[str, Any], label: MelodyLabel) -> TrainingInfo:
    first = next(iter(trainers.values()))
    corpus = first.corpus
    train, validation, test = (len(corpus.split(part)) for part in SPLITS)
    metrics = {
        name: {
            "parameters": trainer.parameters,
            "seconds": round(sum(epoch.seconds for epoch in trainer.history)),
            # Sizes of the vocabularies; the key is kept, as released manifests contain it.
            "words": trainer.token_format.sizes,
            "replaced": trainer.part("train").replaced,
            "history": [_row(epoch) for epoch in trainer.history],
        }
        for name, trainer in trainers.items()
    }
    losses = corpus.report.to_dict()
    metrics["corpus"] = {**losses, "skipped": len(losses["skipped"])}
    return TrainingInfo(
        recipe=first.config.recipe,
        settings={name: trainer.config.to_dict() for name, trainer in trainers.items()},
        corpus=CorpusInfo(
            name=corpus.name,
            files=corpus.report.files,
            sha256=corpus.sha256,
            train=train,
            validation=validation,
            test=test,
        ),
        notes=label.notes,
        metrics=metrics,
        measures=_rounded(report),
    )


def _row(epoch: Epoch) -> dict[str, float]:
    row: dict[str, float] = {"seconds": round(epoch.seconds, 1), "tokens": epoch.tokens}
    for prefix, score in (("train_", epoch.train), ("", epoch.validation)):
        row[f"{prefix}loss"] = round(score.loss, 4)
        # The accuracy of Model 2's durations comes second.
        for name, accuracy in zip(("accuracy", "duration_accuracy"), score.accuracy, strict=False):
            row[f"{prefix}{name}"] = round(accuracy, 4)
    return row


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return round(value, 4) if isinstance(value, float) else value
