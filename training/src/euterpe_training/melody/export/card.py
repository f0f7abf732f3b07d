"""The model card of a melody bundle, in Markdown."""

from typing import Any, Final

from euterpe_music.bundle import MelodyBundle
from euterpe_music.manifest import TrainingInfo

from euterpe_training.melody.config import MelodyConfig
from euterpe_training.melody.recipes import melody_recipe

_WHITE_KEYS: Final = """\
- Every song was transposed to C major or A minor for training; other keys are reached by transposing the output.
"""
_GRIDS: Final = {
    1: "- Time is quantized to sixteenths. Triplets, grace notes and dynamics are not learned; velocity is constant.",
    2: "- Time is quantized to 24ths of a quarter. Grace notes and dynamics are not learned; velocity is constant.",
}
_CHORDS: Final = """\
- A chord is its pitch classes, lowest note first: octaves and doublings of the original are lost.
"""
_UNCONDITIONED: Final = """\
- The network is not conditioned: it has no information on the style, on the position in the bar or on the piece's end.
"""
_WITHOUT_LAGS: Final = """\
- The network is conditioned on the position in bar and phrase and on the remaining bars; there is no other plan of a
  form.
- Themes and bars recur far less often than in real songs: see "repeated" above.
"""
_WITH_LAGS: Final = """\
- The network is conditioned on the position in bar and phrase, on the remaining bars, and on its tokens 1, 2, 4, 8 and
  16 bars before; there is no other plan of a form. See "repeated bars" above.
"""


_ENCODINGS: Final = {
    1: "One token per sixteenth (encoding 1, Model 1 of the thesis).",
    2: "One pitch and one duration per event (encoding 2, Model 2 of the thesis).",
}


def melody_card(bundle: MelodyBundle) -> str:
    """Return the text of card.md; raise ValueError when the manifest has no training section."""
    training = bundle.manifest.training
    if training is None:
        raise ValueError("the bundle's manifest has no training section")
    sections = [_heading(bundle, training), _held_out(bundle, training), _music(training), _training(training)]
    return "\n".join([*(line for section in sections for line in section)])


def _heading(bundle: MelodyBundle, training: TrainingInfo) -> list[str]:
    manifest = bundle.manifest
    size = sum(info.bytes for info in manifest.files) / 1e6
    meters = ", ".join(f"{style} ({meter})" for style, meter in manifest.style_meters.items())
    config = training.settings["melody"]
    cell = "transformer blocks" if config["cell"] == "transformer" else config["cell"].upper()
    dense = ", then a dense layer that both heads share" if MelodyConfig.from_dict(config).has_dense_layer else ""
    return [
        f"# {manifest.title}",
        "",
        f"`{manifest.name}` {manifest.version}, {manifest.licence}. {manifest.description}".rstrip(),
        "",
        f"{' and '.join(manifest.graphs).capitalize()}, each a network of {config['layers']} × {cell}{dense}.",
        f"{_ENCODINGS[manifest.encoding]} {size:.1f} MB in total; the default variant is `{manifest.variant}`. Styles:",
        f"{meters}.",
        "",
        "![Piano rolls](pianoroll.png)",
        "",
    ]


def _held_out(bundle: MelodyBundle, training: TrainingInfo) -> list[str]:
    measures, two_heads = training.measures, bundle.manifest.encoding == 2
    lines = [
        "## Held-out figures",
        "",
        f"{measures['songs']} whole held-out songs of {training.corpus.name}, step by step as in the service.",
        "Loss in nats per token. Training figures are of the last epoch, with dropout.",
        *(["Loss is the sum of both heads; accuracies are of pitches / durations."] if two_heads else []),
        "",
        "| network | tokens | weights | training loss / accuracy | variant | held-out loss | perplexity | accuracy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part in bundle.manifest.graphs:
        metrics = training.metrics[part]
        last = metrics["history"][-1]
        for variant in ("fp32", "int8"):
            if variant in measures:
                row = measures[variant]["held_out"][part]
                words = " + ".join(map(str, metrics["words"]))
                trained = _accuracies(last["train_accuracy"], last.get("train_duration_accuracy"))
                lines.append(
                    f"| {part} | {words} | {metrics['parameters']:,} | {last['train_loss']:.3f} / {trained} | "
                    f"{variant} | {row['loss']:.3f} | {row['perplexity']:.2f} | "
                    f"{_accuracies(row['accuracy'], row.get('duration_accuracy'))} |"
                )
    return [*lines, ""]


def _accuracies(*accuracies: float | None) -> str:
    return " / ".join(f"{each:.3f}" for each in accuracies if each is not None)


def _music(training: TrainingInfo) -> list[str]:
    measures = training.measures
    variants = [variant for variant in ("fp32", "int8") if variant in measures]
    lines = [
        "## Music",
        "",
        f"Means over {measures['fp32']['pieces']} generated pieces of {measures['bars']} bars, with styles as frequent",
        f"as in the corpus, and over the first bars of {measures['real_pieces']} held-out songs. Lengths in quarters.",
        "",
        f"| measure | {' | '.join(variants)} | held out |",
        "|---|" + "---|" * (len(variants) + 1),
    ]
    for name, real in measures["real"].items():
        cells = " | ".join(f"{measures[variant]['music'][name]:.2f}" for variant in variants)
        lines.append(f"| {name.replace('_', ' ')} | {cells} | {real:.2f} |")
    limits = _limits(MelodyConfig.from_dict(training.settings["melody"]))
    sampling = measures["drawing"]
    sampled = (
        f"- The pieces were sampled with the default, top-p {sampling['top_p']:g} at temperature "
        f"{sampling['temperature']:g}, selected on the\n  validation songs. Greedy decoding and beam search tend to "
        "loop.\n"
    )
    return [*lines, "", "## Limitations", "", limits + sampled]


def _limits(config: MelodyConfig) -> str:
    form = (_WITH_LAGS if config.echoes else _WITHOUT_LAGS) if config.conditioned else _UNCONDITIONED
    return (_WHITE_KEYS if config.keys == "white" else "") + _GRIDS[config.encoding] + "\n" + _CHORDS + form


def _training(training: TrainingInfo) -> list[str]:
    corpus, metrics = training.corpus, training.metrics
    lost: dict[str, Any] = metrics["corpus"]
    shares = "; ".join(
        f"{part}: {lost[part]['notes']:,} notes, {_share(lost[part], 'moved')} moved, {_share(lost[part], 'resized')} "
        f"resized, {_share(lost[part], 'cut')} cut, {_share(lost[part], 'revoiced')} revoiced"
        for part in ("melody", "accompaniment")
    )
    settings = {
        f"{name}: {key}": value for part, name in (("melody", "melody"), ("accompaniment", "accompaniment"))
        if part in training.settings for key, value in training.settings[part].items() if key not in ("part", "recipe")
    }  # fmt: skip
    return [
        "## Training",
        "",
        f"Recipe `{training.recipe}` on `{corpus.name}`: {corpus.files} files, {corpus.train} training,",
        f"{corpus.validation} validation and {corpus.test} test songs; {lost['skipped']} files were skipped.",
        f"Quantization: {shares}.",
        f"{lost['rest_bars_left_out']} bars of long rests in the melody were removed; {lost['irregular_bars']} bars of",
        "another length than their song's were kept.",
        "",
        *([training.notes, ""] if training.notes else []),
        *_commands(training),
        "![Curves](curves.png)",
        "",
        "| setting | value |",
        "|---|---|",
        *(f"| {key} | {value} |" for key, value in settings.items()),
        "",
    ]


def _commands(training: TrainingInfo) -> list[str]:
    """Return the commands that reproduce the training; with `minutes`, the result depends on the machine's speed."""
    lines = []
    for part, settings in training.settings.items():
        plain = melody_recipe(training.recipe).changed([f"part={part}"]).to_dict()
        changed = [f"--set {name}={value}" for name, value in settings.items() if plain[name] != value]
        lines.append(
            " ".join(["euterpe-train melody train --corpus CORPUS --out RUN", f"--recipe {training.recipe}",
                      f"--part {part}", *changed])
        )  # fmt: skip
    export = "euterpe-train melody export --corpus CORPUS --run RUN --out BUNDLE --name … --version … --title …"
    return ["```", *lines, export, "```", ""]


def _share(loss: dict[str, float], name: str) -> str:
    return f"{loss[name] / max(loss['notes'], 1):.1%}"
