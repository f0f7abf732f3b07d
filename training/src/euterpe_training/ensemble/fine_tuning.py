"""Fine-tune an ensemble network on a folder of MIDI files.

The corpus becomes a style of its own in the hierarchy of the network that it starts from. A tenth of its works is held
out for validation and a tenth for the test, so that the result can be compared with the network before.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from euterpe_training.ensemble.checkpoint import CHECKPOINT_FILE
from euterpe_training.ensemble.corpora.prepare import FoundPiece, group_pieces, read_sources, write_dataset
from euterpe_training.ensemble.corpora.sources import Source, Style
from euterpe_training.ensemble.corpora.split import draw_sides
from euterpe_training.ensemble.dataset import Dataset
from euterpe_training.ensemble.examples import held_out_examples
from euterpe_training.ensemble.starting_point import StartingPoint, load_starting_point
from euterpe_training.ensemble.styles import Styles
from euterpe_training.ensemble.trainer import Machine, Trainer
from euterpe_training.errors import TrainingError

SOURCE = "own"
DATASET = "dataset"
_HELD_OUT_SHARE = 0.1
_MIN_PIECES = 10
_MIN_ALIGNMENT = 0.3
_EPOCHS = 12
_MIN_EVENTS, _MAX_EVENTS = 100_000, 5_000_000
_LEARNING_RATE = 5e-4
_NAME = re.compile(r"[a-z0-9][a-z0-9 -]{0,39}")


@dataclass(frozen=True)
class FineTuning:
    """What to fine-tune: the folder, the name of its style, its genre ("" for none), and the run or bundle `base`.

    `total_events` 0 means: twelve times the corpus, within 100,000 and 5 million.
    """

    folder: Path
    style: str
    base: Path
    genre: str = ""
    total_events: int = 0

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.style):
            raise TrainingError(
                f"a style cannot be called {self.style!r}: use 1 to 40 lower-case letters, digits, spaces and dashes"
            )
        if not self.folder.is_dir():
            raise TrainingError(f"{self.folder} is not a folder")


@dataclass(frozen=True)
class Comparison:
    """Held-out losses of the corpus' test pieces, in nats per note by column, before and after."""

    pieces: int
    before: dict[str, float]
    after: dict[str, float]


def prepare_corpus(plan: FineTuning, out: Path, report: Callable[[str], None]) -> Styles:
    """Read the folder into a data set at `out`; return the styles of the base network with the corpus' added."""
    found, reports = read_sources(plan.folder, [_source(plan)], report)
    if len(found) < _MIN_PIECES:
        counts = reports[SOURCE]
        raise TrainingError(
            f"{plan.folder} holds {len(found)} usable pieces, at least {_MIN_PIECES} are needed: of {counts.files} "
            f"files, {counts.unmetered} do not follow their beats, {counts.unreadable} are unreadable and "
            f"{counts.too_short} too short"
        )
    sides = draw_sides(
        [each.name for each in found],
        group_pieces(found, report),
        {"test": _HELD_OUT_SHARE, "validation": _HELD_OUT_SHARE},
    )
    for each in found:
        each.side = sides.get(each.name, "train")
    styles = extended_styles(load_starting_point(plan.base).styles, plan)
    write_dataset(out, found, asdict(styles))
    report(_describe(found))
    return styles


def _source(plan: FineTuning) -> Source:
    style = Style(plan.genre, plan.style)
    return Source(
        SOURCE, "**/*.[mM][iI][dD]*", "the owner's", is_free=False, share=1.0, style_of=lambda _: style,
        work_of=lambda path: path.with_suffix("").as_posix().lower(), min_alignment=_MIN_ALIGNMENT,
    )  # fmt: skip


def _describe(found: list[FoundPiece]) -> str:
    sides = [each.side for each in found]
    parts = ", ".join(f"{sides.count(side)} for {side}" for side in ("train", "validation", "test"))
    return f"{len(found)} pieces: {parts.replace('for train', 'for training')}"


def extended_styles(styles: Styles, plan: FineTuning) -> Styles:
    """Return the styles with the corpus' kind added at the end, so that all others keep their numbers."""
    if plan.genre and plan.genre not in styles.genres:
        raise TrainingError(f"unknown genre {plan.genre!r}; the network knows {', '.join(styles.genres)}")
    if plan.style in styles.kinds:
        return styles
    return replace(styles, kinds=(*styles.kinds, plan.style))


def extended_weights(start: StartingPoint, styles: Styles) -> dict[str, Tensor]:
    """Return a network's weights with a row for each new kind, equal to that of an unknown kind."""
    weights = {name: value.clone() for name, value in start.weights.items()}
    genres, kinds, _ = start.styles.sizes
    added = styles.sizes[1] - kinds
    table = weights["inputs.statics"]
    unknown = table[genres : genres + 1].expand(added, -1)
    weights["inputs.statics"] = torch.cat([table[: genres + kinds], unknown, table[genres + kinds :]])
    return weights


def fine_tune(plan: FineTuning, run: Path, machine: Machine, report: Callable[[str], None]) -> Comparison | None:
    """Prepare the corpus and train in the directory `run`, or resume; None if it was stopped before its end."""
    data = run / DATASET
    start = load_starting_point(plan.base)
    if not (run / CHECKPOINT_FILE).exists():
        prepare_corpus(plan, data, report)
    dataset = Dataset(data)
    total = plan.total_events or planned_events(dataset)
    config = replace(
        start.config, sources=(SOURCE,), total_events=total, warmup_events=total // 20, decay_share=0.7,
        learning_rate=_LEARNING_RATE, average_decay=0.99, earlier_events=start.events,
    )  # fmt: skip
    weights = extended_weights(start, dataset.styles)
    trainer = Trainer(config, data, run, machine, weights)
    if not trainer.train(report):
        return None
    pieces, longest = len(dataset.numbers("test")), config.mixture.max_events
    examples = held_out_examples(
        dataset, "test", pieces_per_source=pieces, max_events=longest, common_key=config.mixture.common_key
    )
    before, after = (trainer.losses(each, examples)["all"] for each in (weights, trainer.average))
    return Comparison(pieces, before, after)


def planned_events(dataset: Dataset) -> int:
    """Return how many events to train for by default."""
    events = sum(entry.note_count + entry.bar_count for entry in dataset.entries if entry.side == "train")
    return min(max(_EPOCHS * events, _MIN_EVENTS), _MAX_EVENTS)


def table(comparison: Comparison) -> list[str]:
    """Return the comparison as lines of a Markdown table."""
    lines = ["| loss of test pieces, nats | before | after |", "|---|---|---|"]
    lines += [f"| {name} | {comparison.before[name]:.3f} | {value:.3f} |" for name, value in comparison.after.items()]
    return lines
