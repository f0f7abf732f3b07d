"""Write a training run's network as a model bundle."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from euterpe_music.bundle import EnsembleBundle, write_ensemble_bundle
from euterpe_music.ensemble_manifest import EnsembleManifest, EventGraph, StyleInfo
from euterpe_music.ensemble_parameters import ANY, BARS, ensemble_parameters
from euterpe_music.key import KEYS
from euterpe_music.manifest import CorpusInfo, FileInfo, IntRange, Sampling, StatePair, TensorInfo, TrainingInfo
from euterpe_music.note_events.features import MAX_PARTS, bar_conditions
from euterpe_music.note_events.instruments import part_instrument
from euterpe_music.note_events.spec import COLUMNS, FORMAT, METERS, TEMPI, UNKNOWN_KEY
from euterpe_music.note_events.vocabulary import vocabulary_sha256

from euterpe_training.bundle_label import BundleLabel
from euterpe_training.ensemble.checkpoint import load_checkpoint, read_history
from euterpe_training.ensemble.config import TrainingConfig
from euterpe_training.ensemble.corpora.sources import SOURCES
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.export.card import ensemble_card
from euterpe_training.ensemble.export.graphs import Variant, head_graph, state_names, step_graph
from euterpe_training.ensemble.networks.ensemble import EnsembleNetwork, weight_count
from euterpe_training.ensemble.orchestration import CHORDS
from euterpe_training.ensemble.sampling import load_network
from euterpe_training.ensemble.starting_point import STYLES_SETTING
from euterpe_training.ensemble.styles import Styles
from euterpe_training.errors import TrainingError
from euterpe_training.onnx_graph import OPSET, GraphBuilder

CARD_FILE = "card.md"
CONDITIONS = ("style", "parts", "key", "bars", "chords", "density", "polyphony", "range")
_FREE_TERMS = "The sources are CC0 or in the public domain: the pieces may be used for any purpose."
_OTHER_TERMS = (
    "Some sources state no licence or permit non-commercial use only: clear the use of the pieces before you sell them."
)
# A meter is offered if the network has read at least this many bars of it.
_MIN_BARS_OF_METER = 500
_MIN_PIECES_OF_COMPOSER = 6
_MAX_TEXTURE_PIECES = 200
_INTEGERS = ("values", "echoes", "statics", "chosen", "history")


@dataclass(frozen=True)
class ExportSettings:
    """What a bundle holds: its variants, the first of which is run by default, and the defaults of its parameters."""

    variants: tuple[Variant, ...] = ("int8",)
    temperature: float = 1.0
    top_p: float = 0.98
    style: str = ANY


def export_run(run: Path, data: Path, out: Path, label: BundleLabel, settings: ExportSettings) -> EnsembleBundle:
    """Export the averaged weights of a run's checkpoint to `out`/NAME/VERSION, with manifest and card.

    `data` is the data set of the run: it gives the hierarchy of styles, and the meters that the network has read.
    """
    network, styles = load_network(run)
    dataset = Dataset(data)
    saved = load_checkpoint(run)
    config = TrainingConfig.from_dict(saved["config"])
    step, heads, files = network_graphs(network, settings.variants)
    infos = style_infos(dataset, styles, config.sources)
    if settings.style not in (ANY, *(info.path for info in infos)):
        raise TrainingError(f"unknown style {settings.style!r}; choose a path such as {infos[0].path}")
    sampling = Sampling(
        length=IntRange(min=BARS[0], default=BARS[1], max=BARS[2]),
        parameters=ensemble_parameters(
            styles=[info.path for info in infos], meters=known_meters(dataset, config.sources),
            temperature=settings.temperature, top_p=settings.top_p, style=settings.style,
        ),
    )  # fmt: skip
    manifest = EnsembleManifest(
        kind="ensemble", name=label.name, version=label.version, title=label.title, description=label.description,
        licence=label.licence, created=label.date, events=FORMAT, events_sha256=vocabulary_sha256(), opset=OPSET,
        step=step, heads=heads, variant=settings.variants[0], styles=infos, conditions=CONDITIONS,
        has_common_key=config.mixture.common_key,
        terms=_FREE_TERMS if _is_free(dataset, config.sources) else _OTHER_TERMS, sampling=sampling,
        training=_training(run, dataset, config, styles, network, saved["events"]),
    )  # fmt: skip
    bundle = write_ensemble_bundle(out / label.name / label.version, manifest, files)
    (bundle.directory / CARD_FILE).write_text(ensemble_card(manifest, _sources(dataset, config.sources)), "utf-8")
    return bundle


def network_graphs(
    network: EnsembleNetwork, variants: tuple[Variant, ...]
) -> tuple[EventGraph, tuple[EventGraph, ...], dict[str, bytes]]:
    """Return the descriptions of the step and of the heads, and the files by name."""
    files: dict[str, bytes] = {}

    def describe(name: str, builders: dict[Variant, GraphBuilder], states: list[str]) -> EventGraph:
        infos = {}
        for variant, builder in builders.items():
            file = f"{name}.{variant}.onnx"
            files[file] = builder.build(name)
            digest = hashlib.sha256(files[file]).hexdigest()
            infos[variant] = FileInfo(file=file, sha256=digest, bytes=len(files[file]))
        first = next(iter(builders.values()))
        return EventGraph(
            variants=infos,
            inputs=tuple(
                TensorInfo(name=each, dtype="int64" if each in _INTEGERS else "float32", axes=axes)
                for each, axes in first.inputs.items()
            ),
            outputs=tuple(TensorInfo(name=each, axes=axes) for each, axes in first.outputs.items()),
            state=tuple(StatePair(input=state, output=f"{state}_out", initial="zeros") for state in states),
        )

    step = describe("step", {one: step_graph(network, one) for one in variants}, state_names(network.config))
    heads = tuple(
        describe(name, {one: head_graph(network, column, one) for one in variants}, [])
        for column, name in enumerate(COLUMNS)
    )
    return step, heads, files


def style_infos(dataset: Dataset, styles: Styles, sources: tuple[str, ...]) -> tuple[StyleInfo, ...]:
    """Return the hierarchy of the training pieces' styles as paths in order, with what is usual in each."""
    found: dict[tuple[str, ...], list[int]] = {}
    for number in dataset.numbers("train", sources).tolist():
        entry = dataset.entries[number]
        path = tuple(name for name in (entry.genre, entry.kind, entry.composer) if name)
        for depth in range(1, len(path) + 1):
            found.setdefault(path[:depth], []).append(number)
    infos = []
    for path, numbers in sorted(found.items()):
        if len(path) == 3 and (len(numbers) < _MIN_PIECES_OF_COMPOSER or path[2] not in styles.composers):
            continue
        names = (*path, "", "")[:3]
        first_bars = [dataset.piece(number).bars[0] for number in numbers]
        keys = Counter(KEYS[bar["key"]] for bar in first_bars if bar["key"] != UNKNOWN_KEY)
        meter = Counter(int(bar["meter"]) for bar in first_bars).most_common(1)[0][0]
        tempo = float(np.median([TEMPI[bar["tempo"]] for bar in first_bars]))
        instruments = usual_instruments(dataset, numbers)
        density, polyphony = usual_texture(dataset, numbers, instruments)
        infos.append(
            StyleInfo(
                path="/".join(path), numbers=styles.numbers(*names), pieces=len(numbers),
                meter="{}/{}".format(*METERS[meter]), tempo=round(tempo, 1),
                key=next(iter(keys.most_common(1)), ("", 0))[0], instruments=instruments,
                density=density, polyphony=polyphony,
            )
        )  # fmt: skip
    return tuple(infos)


def usual_instruments(dataset: Dataset, numbers: Sequence[int]) -> tuple[str, ...]:
    """Return the instruments that play together in most of some pieces, one name for each part.

    Tunes without chords give way to sets of several parts, if a tenth of the pieces has such. Where no set is common,
    the result is the instruments that most of the pieces have.
    """
    sets = Counter(tuple(dataset.piece(number).parts.tolist()) for number in numbers)
    parts, count = sets.most_common(1)[0]
    several = Counter({one: count for one, count in sets.items() if len(one) > 1})
    if len(parts) == 1 and part_instrument(parts[0]) not in CHORDS and several.total() * 10 >= len(numbers):
        parts, count = several.most_common(1)[0]
    if count * 20 < len(numbers) or count == 1 < len(numbers):
        present = Counter(part for one, count in sets.items() for part in one * count)
        parts = tuple(sorted(part for part, count in present.most_common(4) if count * 2 >= len(numbers)))
    return tuple(part_instrument(part) for part in parts[:MAX_PARTS])


def usual_texture(dataset: Dataset, numbers: Sequence[int], instruments: Sequence[str]) -> tuple[int, int]:
    """Return the median density and polyphony (`bar_conditions`) of bars of those pieces that have these instruments.

    Of many pieces, some are read, spread evenly; (0, 0) where none has them.
    """
    found: dict[str, list[int]] = {"density": [], "polyphony": []}
    for number in numbers[:: 1 + len(numbers) // _MAX_TEXTURE_PIECES]:
        piece = dataset.piece(number)
        if [part_instrument(part) for part in piece.parts.tolist()] != list(instruments):
            continue
        conditions = bar_conditions(piece, np.ones(len(piece.notes), np.bool_))
        for name, values in found.items():
            values += conditions[name][np.unique(piece.notes["bar"])].tolist()
    density, polyphony = (int(np.median(values)) if values else 0 for values in found.values())
    return density, polyphony


def known_meters(dataset: Dataset, sources: tuple[str, ...]) -> list[str]:
    """Return the meters of which the training pieces have enough bars, the commonest first."""
    counts = np.zeros(len(METERS), dtype=np.int64)
    for number in dataset.numbers("train", sources).tolist():
        counts += np.bincount(dataset.piece(number).bars["meter"], minlength=len(METERS))
    limit = min(_MIN_BARS_OF_METER, int(counts.max()))
    order = np.argsort(-counts, kind="stable")
    return ["{}/{}".format(*METERS[number]) for number in order if counts[number] >= limit]


def _sources(dataset: Dataset, sources: tuple[str, ...]) -> dict[str, int]:
    """Return the number of training pieces of each source."""
    return dict(Counter(dataset.entries[number].source for number in dataset.numbers("train", sources).tolist()))


def source_text(sources: set[str]) -> str:
    """Return the collections that some sources belong to, with their licences, for users."""
    return ", ".join(dict.fromkeys(source.collection for source in SOURCES if source.name in sources))


def _is_free(dataset: Dataset, sources: tuple[str, ...]) -> bool:
    free = {source.name for source in SOURCES if source.is_free}
    return set(_sources(dataset, sources)) <= free


def _training(
    run: Path, dataset: Dataset, config: TrainingConfig, styles: Styles, network: EnsembleNetwork, events: int
) -> TrainingInfo:
    sides = {side: len(dataset.numbers(side, config.sources)) for side in ("train", "validation", "test")}
    names = sorted(entry.name for entry in dataset.entries if not config.sources or entry.source in config.sources)
    history = read_history(run)
    losses = history[-1]["validation"] if history else {}
    return TrainingInfo(
        recipe=run.name,
        settings=json.loads(json.dumps({**config.to_dict(), STYLES_SETTING: asdict(styles)})),
        corpus=CorpusInfo(
            name="ensemble",
            files=len(names),
            sha256=hashlib.sha256("\n".join(names).encode()).hexdigest(),
            source=source_text(set(_sources(dataset, config.sources))),
            **sides,
        ),
        metrics={"events": config.earlier_events + events, "weights": weight_count(network), "held_out": losses},
    )
