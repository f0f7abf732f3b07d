"""Parses untrusted MIDI files in a separate process: `python -m euterpe_converter.rendering.midi_process LIMITS`.

A crafted file of 10 MiB can take gigabytes and most of a minute to parse (2.5 million notes on 20,000 tracks did), and
a native parser can crash. In a separate process, that fails one request instead of the service.

Protocol: one empty line when ready. Then for each file, on standard input, a line of JSON, four bytes of length
(big-endian) and the file; on standard output, a line of JSON: `{"seconds": 1.5, "bytes": n}` and n bytes, or
`{"reason": "...", "message": "..."}`. The line before the file says what the bytes are:

- `{"picture": {...}}`, with the fields of a `domain.picture.Picture`: a picture.
- `{"score": {...}}`, with the fields of a `domain.score.ScoreOptions`: a score; the answer has the number of `pages`.
- `{"stems": true}`: the MIDI files of the tracks, one after the other; the answer has their `stems`: names and sizes.
- `{"programs": [[channel, program], ...]}`: the file to synthesise (`rendering.canonical`).
"""

import json
import sys
from typing import TYPE_CHECKING, Any

from euterpe_converter.domain.picture import Picture, PictureFormat, Theme
from euterpe_converter.domain.score import ScoreFormat, ScoreLayout, ScoreOptions

if TYPE_CHECKING:
    from euterpe_music.piece import Piece

    from euterpe_converter.rendering.score.writing import ScoreWriter

LENGTH_BYTES = 4


def main() -> None:
    """Answer requests until standard input ends."""
    # Imported here: the service imports this module for LENGTH_BYTES, and must not load the parser and numpy.
    from euterpe_music.midi import MidiError, MidiLimits, Piece, read_midi, write_midi
    from euterpe_music.piece import make_notes

    from euterpe_converter.rendering.canonical import canonical_midi
    from euterpe_converter.rendering.score.errors import NotNotatable
    from euterpe_converter.rendering.stems import stem_files

    limits = MidiLimits(**json.loads(sys.argv[1]))
    # The first file takes a fifth of a second longer than others.
    canonical_midi(write_midi(Piece(480, make_notes([0], 480, 60, 80))), MidiLimits(), {})
    print(flush=True)
    scores: ScoreWriter | None = None
    while task := sys.stdin.buffer.readline():
        midi = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(LENGTH_BYTES)))
        answer: dict[str, Any]
        content = b""
        try:
            options = json.loads(task)
            if "picture" in options:
                piece = read_midi(midi, limits).playable()
                content = _picture(piece, options["picture"])
            elif "score" in options:
                scores = scores or _score_writer()
                content, pages = scores.written(midi, limits, _score_options(options["score"]))
            elif "stems" in options:
                seconds, files = stem_files(midi, limits)
                content = b"".join(file for _, file in files)
            else:
                piece, content = canonical_midi(midi, limits, dict(options["programs"]))
            answer = {"bytes": len(content)}
            if "score" in options:
                answer["pages"] = pages
            elif "stems" in options:
                answer |= {"seconds": seconds, "stems": [(name, len(file)) for name, file in files]}
            else:
                answer["seconds"] = piece.duration_seconds
        except MidiError as error:
            answer = {"reason": error.reason, "message": str(error)}
        except NotNotatable as error:
            answer = {"reason": "not-notatable", "message": str(error)}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + content)
        sys.stdout.buffer.flush()


def _score_writer() -> "ScoreWriter":
    # Imported here: it loads verovio, and most of these processes never write a score.
    from euterpe_converter.rendering.score.writing import ScoreWriter

    return ScoreWriter()


def _score_options(options: dict[str, Any]) -> ScoreOptions:
    return ScoreOptions(
        **(options | {"format": ScoreFormat(options["format"]), "layout": ScoreLayout(options["layout"])})
    )


def _picture(piece: "Piece", options: dict[str, Any]) -> bytes:
    # Imported here: drawing loads Pillow, and most of these processes never draw.
    from euterpe_converter.rendering.picture import png, svg

    kind = PictureFormat(options["format"])
    picture = Picture(**(options | {"format": kind, "theme": Theme(options["theme"])}))
    return png.draw(piece, picture) if kind is PictureFormat.PNG else svg.draw(piece, picture)


if __name__ == "__main__":
    main()
