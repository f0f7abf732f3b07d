"""Pieces to evaluate: a folder of MIDI files, or composed here by a bundle as a service would run it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from euterpe_music.bundle import Bundle, BundleError, EnsembleBundle, MelodyBundle, load_any_bundle
from euterpe_music.key_signature import KeySignature
from euterpe_music.meter import Meter
from euterpe_music.midi import MidiError
from euterpe_music.tokens import to_piece

from euterpe_training.crnngan.evaluation.sampling import sample_scores
from euterpe_training.errors import TrainingError
from euterpe_training.evaluation.held_out_works import list_corpus
from euterpe_training.evaluation.scores import Score, bar_lines, from_piece, key_name, read_score
from euterpe_training.melody.sampling import SamplingParams, generate

#: What was asked for, in a folder of composed files: {file: {"style": …, "key": …, "meter": …}}, each optional.
REQUESTS_FILE: Final = "requests.json"
#: Bars of a melody network's piece: enough for windows at random positions.
BARS: Final = 32


def composed_scores(source: Path, pieces: int, styles: Sequence[str] = (), seed: int = 0) -> list[Score]:
    """Return scores of the bundle or the folder of MIDI files at `source`.

    From a bundle, `pieces` pieces of each of `styles` (of its own choice without any) are composed with its default
    parameters. From a folder, all files are read; `requests.json` in it says what was asked for. Raises TrainingError
    for what can be neither.
    """
    if (source / "manifest.json").is_file():
        return _from_bundle(source, pieces, styles or ("",), seed)
    scores = _from_folder(source)
    kept = [score for score in scores if not styles or score.style in styles]
    if not kept:
        found = ", ".join(sorted({score.style for score in scores}))
        raise TrainingError(f"{source} has no pieces of the styles {', '.join(styles)}; it has {found}")
    return kept


def _from_folder(directory: Path) -> list[Score]:
    requests: dict[str, dict[str, str]] = {}
    if (directory / REQUESTS_FILE).is_file():
        try:
            requests = json.loads((directory / REQUESTS_FILE).read_text(encoding="utf-8"))
        except ValueError as error:
            raise TrainingError(f"{directory / REQUESTS_FILE} is not valid JSON: {error}") from error
    scores = []
    for file in list_corpus(directory):
        name = str(file.path.relative_to(directory))
        try:
            score = read_score(file.path, name, name, file.style)
        except MidiError as error:
            raise TrainingError(f"the composed file {file.path} cannot be read: {error}") from error
        try:
            scores.append(_as_requested(score, requests.get(name, {})))
        except ValueError as error:
            raise TrainingError(f"{directory / REQUESTS_FILE}, {name}: {error}") from error
    return scores


def _as_requested(score: Score, request: dict[str, str]) -> Score:
    changes: dict[str, Any] = {"style": request["style"]} if "style" in request else {}
    if "key" in request:
        changes |= {"key": key_name(KeySignature.parse(request["key"])), "is_key_requested": True}
    if "meter" in request:
        meter = Meter.parse(request["meter"])
        bars, meters = bar_lines([(0, meter)], int(score.onset[-1]) + 1)
        changes |= {"meters": meters, "bars": score.bars if score.meters == meters else bars}
    return replace(score, **changes)


def _from_bundle(directory: Path, pieces: int, styles: Sequence[str], seed: int) -> list[Score]:
    try:
        bundle = load_any_bundle(directory)
    except BundleError as error:
        raise TrainingError(f"the bundle {directory} cannot be used: {error}") from error
    if isinstance(bundle, EnsembleBundle):
        raise TrainingError(f"{directory} is an ensemble bundle: compose with it in the product and compare the files")
    found = []
    for style in styles:
        if isinstance(bundle, MelodyBundle):
            scores = _melody_pieces(bundle, pieces, style, seed)
        else:
            scores = _crnngan_pieces(bundle, pieces, style, seed)
        names = [f"{style or 'piece'} {number + 1}" for number in range(len(scores))]
        found += [replace(score, name=name, work=name, style=style) for score, name in zip(scores, names, strict=True)]
    return found


def _crnngan_pieces(bundle: Bundle, pieces: int, style: str, seed: int) -> list[Score]:
    names = {one.name: one.choices for one in bundle.manifest.sampling.parameters}
    values = {"style": style} if style in names.get("style", ()) else {}
    return sample_scores(bundle, pieces, seed, values)


def _melody_pieces(bundle: MelodyBundle, pieces: int, style: str, seed: int) -> list[Score]:
    defaults = {one.name: one.default for one in bundle.manifest.sampling.parameters}
    params = SamplingParams(float(defaults["temperature"]), float(defaults["top_p"]), seed)
    meter = bundle.manifest.form(1, style or None).meter
    composed = generate(bundle, pieces, BARS, style or None, params, bundle.manifest.variant)
    return [from_piece(to_piece(one.melody, one.accompaniment), meter) for one in composed]
