"""The card of a melody bundle, in Markdown."""

from typing import Any, Final

from euterpe_music.bundle import MelodyBundle
from euterpe_music.manifest import TrainingInfo

from euterpe_training.melody.recipes import melody_recipe

_LIMITS: Final = """
- Every song was moved to C major or A minor for training; a listener's key is reached by transposing.
- Time is counted in sixteenths. Triplets, grace notes and dynamics are not learned; velocities are fixed.
- A chord is its pitch classes with the lowest note first, so that octaves and doublings of the original are lost.
"""
_PLANLESS: Final = """\
- It knows where in bar and phrase it is, and how many bars are left, but it plans no form beyond that.
- Themes and bars come back far less often than in real songs: see "repeated" above.
"""
_ECHOES: Final = """\
- It knows where in bar and phrase it is, how many bars are left, and what it had at this place 1, 2, 4, 8 and 16 bars
  ago; there is no other plan of a form. How often bars come back stands above.
"""


def melody_card(bundle: MelodyBundle) -> str:
    """card.md of a bundle; ValueError when its manifest does not say how it was trained."""
    training = bundle.manifest.training
    if training is None:
        raise ValueError("the bundle's manifest does not say how it was trained")
    sections = [_heading(bundle, training), _held_out(bundle, training), _music(training), _training(training)]
    return "\n".join([*(line for section in sections for line in section)])


def _heading(bundle: MelodyBundle, training: TrainingInfo) -> list[str]:
    manifest = bundle.manifest
    size = sum(info.bytes for info in manifest.files) / 1e6
    meters = ", ".join(f"{style} ({meter})" for style, meter in manifest.style_meters.items())
    config = training.settings["melody"]
    cell = "transformer blocks" if config["cell"] == "transformer" else config["cell"].upper()
    return [
        f"# {manifest.title}",
        "",
        f"`{manifest.name}` {manifest.version}, {manifest.licence}. {manifest.description}".rstrip(),
        "",
        f"{' and '.join(manifest.graphs).capitalize()}, each by a network of {config['layers']} × {cell} (thesis 001),",
        f"one word per sixteenth (encoding 1). {size:.1f} MB in all; `{manifest.variant}` runs unless a deployment",
        f"says otherwise. Styles: {meters}.",
        "",
        "![Piano rolls](pianoroll.png)",
        "",
    ]


def _held_out(bundle: MelodyBundle, training: TrainingInfo) -> list[str]:
    measures = training.measures
    lines = [
        "## Held-out figures",
        "",
        f"{measures['songs']} songs of {training.corpus.name} that training never saw, whole, step by step as",
        "a service runs them. Loss in nats per word. The training figures are of the last epoch, with dropout.",
        "",
        "| network | words | parameters | training loss / accuracy | variant | held-out loss | perplexity | accuracy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part in bundle.manifest.graphs:
        metrics = training.metrics[part]
        last = metrics["history"][-1]
        for variant in ("fp32", "int8"):
            if variant in measures:
                row = measures[variant]["held_out"][part]
                lines.append(
                    f"| {part} | {metrics['words'][0]} | {metrics['parameters']:,} | {last['train_loss']:.3f} / "
                    f"{last['train_accuracy']:.3f} | {variant} | {row['loss']:.3f} | {row['perplexity']:.2f} | "
                    f"{row['accuracy']:.3f} |"
                )
    return [*lines, ""]


def _music(training: TrainingInfo) -> list[str]:
    measures = training.measures
    variants = [variant for variant in ("fp32", "int8") if variant in measures]
    lines = [
        "## Music",
        "",
        f"Means over {measures['fp32']['pieces']} composed pieces of {measures['bars']} bars, styles as often",
        "as in the corpus, and over the",
        f"first bars of {measures['real_pieces']} held-out songs. Lengths in quarters.",
        "",
        f"| measure | {' | '.join(variants)} | held out |",
        "|---|" + "---|" * (len(variants) + 1),
    ]
    for name, real in measures["real"].items():
        cells = " | ".join(f"{measures[variant]['music'][name]:.2f}" for variant in variants)
        lines.append(f"| {name.replace('_', ' ')} | {cells} | {real:.2f} |")
    told = _ECHOES if training.settings["melody"].get("echoes") else _PLANLESS
    how = measures["drawing"]
    drawn = (
        f"- The card's music was drawn with top-p {how['top_p']:g} at temperature {how['temperature']:g}, the default, "
        "chosen by the\n  validation songs. Greedy decoding and beam search tend to loops.\n"
    )
    return [*lines, "", "## What to know about it", _LIMITS + told + drawn]


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
        f"Recipe `{training.recipe}` on `{corpus.name}`: {corpus.files} files, {corpus.train} songs to train,",
        f"{corpus.validation} to validate, {corpus.test} to test; {lost['skipped']} files do not fit and are left out.",
        f"The grid of sixteenths: {shares}.",
        f"{lost['rest_bars_left_out']} bars of long rests in the melody are left out, {lost['irregular_bars']} bars of",
        "another length than their song's stay.",
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
    """How to make it again; a run that ends by `minutes` comes as far as the machine is fast."""
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
