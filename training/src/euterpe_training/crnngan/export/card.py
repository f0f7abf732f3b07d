"""The model card: what a listener or a researcher should know about a bundle, in Markdown."""

from typing import Any, Final

from euterpe_music.bundle import Bundle
from euterpe_music.manifest import TrainingInfo

_LADDER_LIMIT: Final = """\
- Every piece of the corpus was moved to C major or A minor, and pitch is stated on a ladder whose wide rungs are the
  white keys. That alone holds the music in a scale, learned or not (100 normally distributed points on the ladder
  score 0.93, on the semitones 0.67), and it means that all pieces are in these two keys.
"""
_CATEGORICAL_LIMIT: Final = """\
- Every piece of the corpus was moved to C major or A minor, so all pieces are in these two keys. Pitch is stated on
  semitones: what keeps to the key was learned (and sharpened by `pitch_sharpness`).
- Styles of composers with few pieces in the corpus are weak; jazz solos are lines without accompaniment.
"""
_LIMITS: Final = """\
- It has no idea of form: it remembers a texture, a register and a pulse, not themes.
- Tempo, instruments and drums are not learned; everything is played on a piano at one tempo.
"""


def card(bundle: Bundle) -> str:
    """card.md of a bundle; ValueError when its manifest does not say how it was trained."""
    training = bundle.manifest.training
    if training is None:
        raise ValueError("the bundle's manifest does not say how it was trained")
    return "\n".join(
        [*_heading(bundle), *_music(training), "## What to know about it", "", _limits(training), *_training(training)]
    )


def _limits(training: TrainingInfo) -> str:
    categorical = training.settings.get("outputs") == "categorical"
    return (_CATEGORICAL_LIMIT if categorical else _LADDER_LIMIT) + _LIMITS


def _heading(bundle: Bundle) -> list[str]:
    manifest, spec = bundle.manifest, bundle.spec
    layers, _, hidden = manifest.graph.input("h").axes
    return [
        f"# {manifest.title}",
        "",
        f"`{manifest.name}` {manifest.version}, {manifest.licence}. {manifest.description}".rstrip(),
        "",
        f"A C-RNN-GAN generator (Mogren 2016): {layers} LSTM layers of {hidden} units, {manifest.noise_size} uniform",
        f"draws of noise per step, {manifest.graph.bytes / 1e6:.1f} MB. An event is {spec.features} floats in the",
        f"{spec.representation} representation, {spec.tones_per_cell} tone(s) per event; times are on a grid of",
        f"{spec.grid} ticks of {spec.ticks_per_quarter} per quarter, written at {spec.bpm:g} quarters per minute.",
        "",
    ]


def _music(training: TrainingInfo) -> list[str]:
    measures = training.measures
    rows = [
        f"| {name.replace('_', ' ')} | {_cell(measures['generated'][name])} | {_cell(measures['held_out'][name])} |"
        for name in measures["generated"]
    ]
    return [
        "## Music",
        "",
        f"{measures['pieces']} pieces of {measures['length']} events, next to as long windows of songs that training",
        "never saw, prepared and decoded in the same way. Mean, and lower quartile / median / upper quartile.",
        "",
        "| measure | generated | held out |",
        "|---|---|---|",
        *rows,
        "",
        "![Piano rolls](pianoroll.png)",
        "",
    ]


def _cell(row: dict[str, float]) -> str:
    return f"{row['mean']:.2f} ({row['q1']:.2f} / {row['median']:.2f} / {row['q3']:.2f})"


def _training(training: TrainingInfo) -> list[str]:
    corpus, metrics = training.corpus, training.metrics
    plain: dict[str, Any] = {key: value for key, value in training.settings.items() if key != "corpus"}
    plain |= {f"corpus: {key}": value for key, value in training.settings["corpus"].items()}
    return [
        "## Training",
        "",
        f"Recipe `{training.recipe}` on the corpus `{corpus.name}` of {corpus.files} files: {corpus.train} songs to",
        f"train, {corpus.validation} to validate, {corpus.test} to test, {metrics['skipped']} files left out as",
        f"malformed or too short. It took {metrics['seconds'] / 60:.0f} minutes. Pretraining loss on the",
        f"test songs: {metrics['test_loss']}.",
        "",
        *([training.notes, ""] if training.notes else []),
        "![Curves](curves.png)",
        "",
        "| setting | value |",
        "|---|---|",
        *(f"| {key} | {value} |" for key, value in plain.items()),
        "",
    ]
