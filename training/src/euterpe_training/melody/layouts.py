"""Layouts of corpora with melody and accompaniment: Nottingham, POP909, and any folder of MIDI files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import symusic
from euterpe_music.key import KEYS, rate_keys
from euterpe_music.key_signature import KeySignature, pitch_class
from euterpe_music.midi import MidiError, read_midi
from euterpe_music.piece import NoteArray, Piece
from euterpe_music.tokens import METERS, Meter, PartsError, read_meters, split_parts
from euterpe_music.tonics import TONICS
from numpy.typing import NDArray

from euterpe_training.errors import TrainingError
from euterpe_training.melody.tunes import Notes, Tune, regular_bars

_SUFFIXES: Final = {".mid", ".midi"}
#: Longer notes count as this many quarters in the estimation of a key.
_LONGEST_QUARTERS: Final = 4.0
#: Minimum share of bars of four beats in a song of POP909.
_MIN_REGULAR: Final = 0.8

#: A file's name, and its tune or the reason why it cannot be used.
Found = tuple[str, Tune | str]


def read_tunes(directory: Path) -> Iterator[Found]:
    """Yield every tune under `directory`, which may be Nottingham, POP909 or any folder of MIDI files.

    Raise TrainingError without a directory or file.
    """
    if not directory.is_dir():
        raise TrainingError(f"the corpus {directory} is not a directory")
    if (directory / "melody").is_dir() and (directory / "chords").is_dir():
        yield from _nottingham(directory)
        return
    paths = sorted(path for path in directory.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not paths:
        raise TrainingError(f"the corpus {directory} has no .mid or .midi files")
    for path in paths:
        name = str(path.relative_to(directory))
        try:
            yield name, _annotated(path) if (path.parent / "beat_midi.txt").is_file() else _any(path, directory)
        except (MidiError, PartsError) as error:
            yield name, str(error)


def _nottingham(directory: Path) -> Iterator[Found]:
    """Yield one tune per file of melody/ and the file of the same name in chords/; the file name gives the style.

    The files state key signatures, but every one as that of a major key; modes are estimated.
    """
    paths = sorted((directory / "melody").glob("*.mid"))
    if not paths:
        raise TrainingError(f"the corpus {directory} has no melody/*.mid")
    for path in paths:
        chords = directory / "chords" / path.name
        if not chords.is_file():
            yield path.name, "it has no chords"
            continue
        try:
            meter = _one_meter(path.read_bytes())
            parts = [read_midi(each) for each in (path, chords)]
        except (MidiError, ValueError) as error:
            yield path.name, str(error)
            continue
        melody, accompaniment = (_in_quarters(piece.notes, piece.ticks_per_quarter) for piece in parts)
        end = max(piece.end_tick / piece.ticks_per_quarter for piece in parts)
        style = path.stem.rstrip("0123456789").split("-")[0]
        style = "reels" if style.startswith("reels") else style
        bars, key = regular_bars(meter, end), _one_key(parts[0])
        key = key and key_with_mode(key, melody, accompaniment)
        yield path.name, Tune(path.stem, style, meter, bars, melody, accompaniment, key)


def key_with_mode(key: KeySignature, melody: Notes, accompaniment: Notes) -> KeySignature | None:
    """Return the key of a tune of which only the signature is known; None if it is neither major nor minor.

    It is that of the last chord, whose lowest note is its root. Where the last chord is another one, as in tunes that
    lead back to their beginning, the key is estimated from all notes. A minor key is one that was stated.
    """
    if key.is_minor:
        return key
    keys = {_spelled(each): each for each in (KeySignature(key.sharps), KeySignature(key.sharps, is_minor=True))}
    last = accompaniment.onset == accompaniment.onset.max(initial=0)
    if last.any():
        root = TONICS[int(accompaniment.pitch[last].min()) % 12]
        for name, each in keys.items():
            if name.partition(" ")[0] == root:
                return each
    pitch = np.concatenate([melody.pitch, accompaniment.pitch]) % 12
    length = np.minimum(np.concatenate([melody.length, accompaniment.length]), _LONGEST_QUARTERS)
    return keys.get(KEYS[int(rate_keys(np.bincount(pitch, length, minlength=12)).argmax())])


def _spelled(key: KeySignature) -> str:
    return f"{TONICS[pitch_class(key.tonic)]} {'minor' if key.is_minor else 'major'}"


def _annotated(path: Path) -> Tune | str:
    """Read a song of POP909: the track MELODY, and PIANO with BRIDGE, timed by the annotated beats.

    The files' own ticks do not follow the beat; the annotation does, to a hundredth of a sixteenth.
    """
    ticks: Any = symusic.Score(str(path))
    score = ticks.to("second")
    named = {track.name: track.notes.numpy() for track in score.tracks}
    if "MELODY" not in named or "PIANO" not in named:
        return "it has no tracks MELODY and PIANO"
    beats = np.loadtxt(path.parent / "beat_midi.txt", ndmin=2)
    down = np.flatnonzero(beats[:, 2] == 1)
    sizes = np.diff(down)
    if len(sizes) < 4 or (sizes == 4).mean() < _MIN_REGULAR:
        return f"{(sizes != 4).sum()} of its {len(sizes)} bars do not have four beats"
    accompaniment = [named["PIANO"], *([named["BRIDGE"]] if "BRIDGE" in named else [])]
    joined = {key: np.concatenate([part[key] for part in accompaniment]) for key in ("time", "duration", "pitch")}
    melody, rest = (_on_beats(part, beats[:, 0]) for part in (named["MELODY"], joined))
    return Tune(path.stem, "pop", METERS[0], down.astype(np.float64), melody, rest, _annotated_key(path.parent))


def _annotated_key(directory: Path) -> KeySignature | None:
    """Return the key of most of a song of POP909, from lines of its beginning and end in seconds and `Gb:maj`."""
    path = directory / "key_audio.txt"
    seconds: dict[str, float] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        start, end, name = line.split()
        seconds[name] = seconds.get(name, 0.0) + float(end) - float(start)
    if not seconds:
        return None
    tonic, _, mode = max(seconds, key=seconds.__getitem__).partition(":")
    return KeySignature.parse(f"{tonic} {'minor' if mode.startswith('min') else 'major'}")


def _on_beats(part: dict[str, NDArray[Any]], beats: NDArray[np.float64]) -> Notes:
    """Convert notes from seconds to beats, extrapolated before the first annotated beat and after the last."""
    before = beats[0] - np.arange(8, 0, -1) * (beats[1] - beats[0])
    after = beats[-1] + np.arange(1, 9) * (beats[-1] - beats[-2])
    times = np.concatenate([before, beats, after])
    numbers = np.arange(len(times)) - 8.0
    onset = np.interp(part["time"], times, numbers)
    ends = np.interp(part["time"] + part["duration"], times, numbers)
    inside = onset >= 0
    return Notes(onset[inside], (ends - onset)[inside], part["pitch"].astype(np.int64)[inside])


def _any(path: Path, directory: Path) -> Tune | str:
    """Read any MIDI file, as two tracks or as skyline and rest; the first folder gives the style."""
    content = path.read_bytes()
    piece = read_midi(content)
    try:
        meter = _one_meter(content)
    except ValueError as error:
        return str(error)
    parts = split_parts(piece)
    folders = path.relative_to(directory).parts[:-1]
    bars = regular_bars(meter, piece.end_tick / piece.ticks_per_quarter)
    melody, rest = (_in_quarters(part, piece.ticks_per_quarter) for part in (parts.melody, parts.accompaniment))
    style = folders[0] if folders else directory.name
    return Tune(path.stem, style, meter, bars, melody, rest, _one_key(piece))


def _one_key(piece: Piece) -> KeySignature | None:
    """Return the key that a file states, None where it states none or several."""
    keys = {change.key for change in piece.keys}
    return keys.pop() if len(keys) == 1 else None


def _one_meter(content: bytes) -> Meter:
    meters = read_meters(content)
    if len(meters) > 1:
        raise ValueError(f"it has more than one time signature: {', '.join(map(str, meters))}")
    return meters[0]


def _in_quarters(notes: NoteArray, ticks_per_quarter: int) -> Notes:
    onset, length = notes["onset"] / ticks_per_quarter, notes["duration"] / ticks_per_quarter
    return Notes(onset, length, notes["pitch"].astype(np.int64))
