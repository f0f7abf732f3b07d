"""Export a finished run as a bundle with measures, pictures and a model card."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from euterpe_music.bundle import Bundle
from euterpe_music.manifest import CorpusInfo, TrainingInfo

from euterpe_training.bundle_label import BundleLabel
from euterpe_training.crnngan.corpora import Corpus
from euterpe_training.crnngan.evaluation import compare, held_out_pieces, sample, to_pieces
from euterpe_training.crnngan.export.bundle import export_bundle
from euterpe_training.crnngan.export.card import card
from euterpe_training.crnngan.export.parameters import user_parameters
from euterpe_training.crnngan.export.torch_weights import categorical_weights, generator_weights
from euterpe_training.crnngan.models.categorical import CategoricalGenerator
from euterpe_training.crnngan.models.controls import Controls
from euterpe_training.crnngan.trainer import Trainer
from euterpe_training.reports.pictures import draw_curves, draw_piano_rolls


def release(
    trainer: Trainer, directory: Path, label: BundleLabel, notes: str = "", *, critic: bytes | None = None
) -> Bundle:
    """Export the run's generator into `directory`, measure it against held-out pieces, and write the card.

    `critic` is a graph that selects the best of several candidates.
    """
    config, corpus = trainer.config, trainer.corpus
    measures = compare(export_generator(trainer, directory, label), corpus)
    training = TrainingInfo(
        recipe=config.recipe,
        settings={key: value for key, value in config.to_dict().items() if key not in ("recipe", "spec")},
        corpus=_corpus_info(trainer),
        notes=notes,
        metrics=_metrics(trainer),
        measures=measures,
    )
    bundle = export_generator(trainer, directory, label, training, critic)
    write_card(bundle, corpus)
    return bundle


def export_generator(
    trainer: Trainer, directory: Path, label: BundleLabel, training: TrainingInfo | None = None,
    critic: bytes | None = None,
) -> Bundle:  # fmt: skip
    """Export the run's generator as a bundle, without measures or card."""
    config, g = trainer.config, trainer.g
    if not isinstance(g, CategoricalGenerator):
        parameters = user_parameters(config.spec.bpm, None)
        return export_bundle(
            directory, generator_weights(g), config.spec, label, parameters=parameters, training=training
        )
    controls = Controls(config.styles, config.density_edges)
    weights = categorical_weights(g, config.pitch_sharpness)
    guided = controls.with_guidance(weights.control_weight, config.style_sharpness)
    return export_bundle(
        directory, replace(weights, control_weight=guided), config.spec, label,
        parameters=user_parameters(config.spec.bpm, controls, has_critic=critic is not None), training=training,
        critic=critic,
    )  # fmt: skip


def write_card(bundle: Bundle, corpus: Corpus) -> None:
    """Write card.md, curves.png and pianoroll.png for a bundle whose manifest has training metrics."""
    training = bundle.manifest.training
    if training is None:
        return
    draw_curves(training.metrics["history"], bundle.directory / "curves.png")
    generated = to_pieces(sample(bundle, 3, 100, seed=1), bundle.spec)
    real = held_out_pieces(corpus, bundle.spec, 100, pieces=1, seed=1)
    titled = [(f"generated {number}", piece) for number, piece in enumerate(generated, start=1)]
    draw_piano_rolls([*titled, *(("held out", piece) for piece in real)], bundle.directory / "pianoroll.png")
    (bundle.directory / "card.md").write_text(card(bundle), encoding="utf-8")


def _corpus_info(trainer: Trainer) -> CorpusInfo:
    corpus, songs = trainer.corpus, trainer.songs
    return CorpusInfo(
        name=corpus.name,
        files=len(corpus) + len(corpus.skipped),
        train=len(songs["train"]),
        validation=len(songs["validation"]),
        test=len(songs["test"]),
        sha256=corpus.sha256,
    )


def _metrics(trainer: Trainer) -> dict[str, Any]:
    history = [_rounded(epoch.to_dict()) for epoch in trainer.history]
    return {
        "seconds": round(sum(epoch.seconds for epoch in trainer.history)),
        "skipped": len(trainer.corpus.skipped),
        "test_loss": round(trainer.validation_loss("test"), 4),
        "history": history,
        # By digest, so that an evaluation finds the held-out files in any copy of the corpus.
        "held_out": [trainer.corpus.digests[song] for song in trainer.songs["test"]],
    }


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}
