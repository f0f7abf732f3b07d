"""The model card of a C-RNN-GAN bundle, in Markdown."""

from typing import Any, Final

from euterpe_music.bundle import Bundle
from euterpe_music.manifest import TrainingInfo

_CONTINUOUS_LIMITS: Final = """\
- Every piece of the corpus was transposed to C major or A minor, and pitch is quantized non-uniformly, with the widest
  levels at the white keys. That alone keeps the music in a scale (100 normally distributed values have a scale score of
  0.93 with this quantizer, 0.67 with semitones). All pieces are in these two keys.
"""
_CATEGORICAL_LIMITS: Final = """\
- Every piece of the corpus was transposed to C major or A minor, so all pieces are in these two keys. Pitch is a
  semitone: staying in key was learned (and sharpened by `pitch_sharpness`).
- Styles of composers with few pieces in the corpus are weak; jazz solos are melodies without accompaniment.
"""
_LIMITS: Final = """\
- It does not learn musical form: pieces keep a texture, a register and a pulse, but do not repeat themes.
- Tempo, instruments and drums are not learned: all pieces are for piano at one tempo.
"""


def card(bundle: Bundle) -> str:
    """Return the text of card.md; raise ValueError when the manifest has no training section."""
    training = bundle.manifest.training
    if training is None:
        raise ValueError("the bundle's manifest has no training section")
    return "\n".join(
        [*_heading(bundle), *_music(training), "## Limitations", "", _limits(training), *_training(training)]
    )


def _limits(training: TrainingInfo) -> str:
    categorical = training.settings.get("outputs") == "categorical"
    return (_CATEGORICAL_LIMITS if categorical else _CONTINUOUS_LIMITS) + _LIMITS


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
        f"{spec.representation} representation, {spec.tones_per_cell} tone(s) per event. Times are multiples of",
        f"{spec.grid} ticks ({spec.ticks_per_quarter} per quarter) at {spec.bpm:g} quarters per minute.",
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
        f"{measures['pieces']} generated pieces of {measures['length']} events, and windows of the same length of",
        "held-out songs, preprocessed and decoded in the same way. Mean (lower quartile / median / upper quartile).",
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
        f"Recipe `{training.recipe}` on the corpus `{corpus.name}` of {corpus.files} files: {corpus.train} training,",
        f"{corpus.validation} validation and {corpus.test} test songs; {metrics['skipped']} files were skipped as",
        f"malformed or too short. Training time: {metrics['seconds'] / 60:.0f} minutes. Pretraining loss on the",
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
