"""Sends an unusual MIDI file to every route that reads MIDI, and compares the results with the piece."""

import base64
import io
import os
import time
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import numpy as np
from euterpe_music.midi import MidiError, read_midi
from euterpe_music.piece import Piece
from numpy.typing import NDArray

from euterpe_test_kit.cases import MidiCase

#: Render options without effects and with high gain: only notes produce sound, and the audio ends with the last note.
DRY: Final = {"tail": "0", "fade": "0", "reverb": "0", "chorus": "0", "gain": "2"}
COMPRESSED: Final = ("mp3", "flac", "ogg", "opus")
TOLERANCE_SECONDS: Final = 0.01
#: Longest time of a request on a machine without other work.
MAX_SECONDS: Final = 5.0
#: Softer notes may be below the resolution of the samples.
AUDIBLE_VELOCITY: Final = 16
#: Shorter notes end before most instruments begin to sound, and few instruments have keys that no piano has.
AUDIBLE_SECONDS: Final = 0.05
PIANO_KEYS: Final = (21, 108)
#: General MIDI programs with a sharp attack: pianos, chromatic percussion, guitars.
_STRUCK: Final = frozenset((*range(16), *range(24, 29)))
#: Share of the peak amplitude of the piece that marks an onset.
_ONSET_SHARE: Final = 0.01


@dataclass(slots=True)
class Outcome:
    """The result for a file; `problems` is empty if all services agree."""

    case: MidiCase
    accepted: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The group of the file's name, e.g. `c07`."""
        return self.case.name.partition("_")[0]


@dataclass(frozen=True, slots=True)
class Walk:
    """Walks files through a product with the client of a logged-in user; `model` continues prompts.

    `keeps_originals`: uploads can be downloaded. Versions of the product before the common reader had no such route.
    """

    client: httpx.Client
    model: str
    keeps_originals: bool = True

    def through(self, case: MidiCase, formats: Sequence[str] = ()) -> Outcome:
        """Import, draw, prompt with and convert a file, and render its song in further `formats`."""
        outcome = Outcome(case)
        imported = self._request(outcome, "import", "POST", "/library/imports", content=case.content)
        outcome.accepted = imported.status_code == 201
        converted = self._convert(outcome, case)
        self._prompt(outcome, case)
        if outcome.accepted != (case.refused is None):
            outcome.problems.append(f"import answers {imported.status_code}: {imported.text[:120]}")
        if outcome.accepted != (converted.status_code == 200):
            outcome.problems.append(f"import answers {imported.status_code}, conversion {converted.status_code}")
        elif outcome.accepted:
            self._compare(outcome, imported.json(), converted.content, formats)
        return outcome

    def _convert(self, outcome: Outcome, case: MidiCase) -> httpx.Response:
        files = {"file": ("case.mid", case.content, "audio/midi")}
        return self._request(
            outcome, "conversion", "POST", "/conversions", files=files, data={"format": "wav", "bit_depth": "24", **DRY}
        )

    def _prompt(self, outcome: Outcome, case: MidiCase) -> None:
        midi = base64.b64encode(case.content).decode()
        body = {"model": self.model, "prompt": {"midi": midi}}
        answer = self._request(outcome, "prompt", "POST", "/generations", json=body)
        if answer.status_code not in (200, 202, 422):
            outcome.problems.append(f"the prompt answers {answer.status_code}")
        elif answer.status_code != 422:
            self.client.delete(answer.headers["location"].removeprefix("/api/v1"))

    def _compare(self, outcome: Outcome, song: dict[str, Any], audio: bytes, formats: Sequence[str]) -> None:
        stored = self._request(outcome, "download", "GET", f"/songs/{song['id']}/midi").content
        if self.keeps_originals:
            original = self._request(outcome, "original", "GET", f"/songs/{song['id']}/original").content
            if original != outcome.case.content:
                outcome.problems.append("the original is not what was uploaded")
        picture = self._request(outcome, "picture", "GET", f"/pianorolls/{song['id']}.svg")
        if picture.status_code != 200 or b"<svg" not in picture.content:
            outcome.problems.append(f"the picture answers {picture.status_code}")
        try:
            piece = read_midi(stored)
        except MidiError as error:
            outcome.problems.append(f"the stored file is refused: {error}")
            return
        outcome.problems += _song_problems(outcome.case, song, piece)
        outcome.problems += sound_problems(piece, audio)
        for extension in formats:
            answer = self._request(outcome, extension, "GET", f"/audio/{song['id']}.{extension}", params={"tail": "0"})
            if answer.status_code != 200 or not answer.content:
                outcome.problems.append(f"{extension} answers {answer.status_code}")
            elif abs(float(answer.headers["x-content-duration"]) - piece.duration_seconds) > TOLERANCE_SECONDS:
                outcome.problems.append(f"{extension} lasts {answer.headers['x-content-duration']} s")

    def _request(self, outcome: Outcome, part: str, method: str, url: str, **options: Any) -> httpx.Response:
        with _limited(outcome, part):
            answer = self.client.request(method, url, **options)
        if answer.status_code >= 500:
            outcome.problems.append(f"{part} answers {answer.status_code}: {answer.text[:120]}")
        return answer


@contextmanager
def _limited(outcome: Outcome, part: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    # With more work than cores, a request waits for its turns.
    if seconds > MAX_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)):
        outcome.problems.append(f"{part} took {seconds:.1f} s")


def _song_problems(case: MidiCase, song: dict[str, Any], piece: Piece) -> Iterator[str]:
    if song["note_count"] != len(piece.notes):
        yield f"the song has {song['note_count']} notes, its file {len(piece.notes)}"
    for name, seconds in (("expected", case.seconds), ("in the file", piece.duration_seconds)):
        if abs(song["duration_seconds"] - seconds) > TOLERANCE_SECONDS:
            yield f"the song lasts {song['duration_seconds']} s, {seconds:.3f} s {name}"


def sound_problems(piece: Piece, audio: bytes) -> Iterator[str]:
    """Yield the differences between a dry 24-bit WAV and the piece: length, first onset, and inaudible notes."""
    samples, rate = _samples(audio)
    if abs(len(samples) / rate - piece.duration_seconds) > TOLERANCE_SECONDS:
        yield f"the audio lasts {len(samples) / rate:.3f} s, the music {piece.duration_seconds:.3f} s"
    seconds = piece.seconds(piece.sounding_ends) - piece.seconds(piece.notes["onset"])
    audible = (piece.notes["velocity"] >= AUDIBLE_VELOCITY) & (seconds >= AUDIBLE_SECONDS)
    loud = piece.notes[audible & (piece.notes["pitch"] >= PIANO_KEYS[0]) & (piece.notes["pitch"] <= PIANO_KEYS[1])]
    if not len(loud):
        return
    onsets = piece.seconds(loud["onset"])
    peak = float(samples.max(initial=0.0))
    if peak < 1e-4:
        yield "the audio is silent"
        return
    for onset, note in zip(onsets, loud, strict=True):
        program = piece.tracks[note["track"]]
        window = samples[int(onset * rate) : int((onset + 0.15) * rate)]
        if float(window.max(initial=0.0)) < 1e-5:
            yield f"the note at {onset:.3f} s is not audible ({program})"
            return
    first = loud[int(np.argmin(onsets))]
    track = piece.tracks[first["track"]]
    sound_begin = int(np.argmax(samples > _ONSET_SHARE * peak)) / rate
    begin = float(piece.seconds(piece.notes["onset"]).min())
    if sound_begin < begin - TOLERANCE_SECONDS:
        yield f"sound begins at {sound_begin:.3f} s, the music at {begin:.3f} s"
    is_struck = not track.is_drum and track.program in _STRUCK and first["velocity"] >= 40
    if is_struck and sound_begin > float(onsets.min()) + TOLERANCE_SECONDS:
        yield f"sound begins at {sound_begin:.3f} s, the music at {float(onsets.min()):.3f} s"


def _samples(audio: bytes) -> tuple[NDArray[np.float64], int]:
    """Return the larger magnitude of both channels, full scale 1, and the rate."""
    with wave.open(io.BytesIO(audio)) as file:
        content, rate = file.readframes(file.getnframes()), file.getframerate()
        assert (file.getsampwidth(), file.getnchannels()) == (3, 2)
    values = np.pad(np.frombuffer(content, np.uint8).reshape(-1, 3), ((0, 0), (1, 0))).view("<i4").reshape(-1, 2)
    return np.abs(values / 2.0**31).max(axis=1), rate
