"""Parses untrusted MIDI files in a separate process: `python -m euterpe_converter.rendering.midi_process LIMITS`.

A crafted file of 10 MiB can take gigabytes and most of a minute to parse (2.5 million notes on 20,000 tracks did), and
a native parser can crash. In a separate process, that fails one request instead of the service.

Protocol: one empty line when ready. Then for each file, on standard input, a line of JSON, four bytes of length
(big-endian) and the file; on standard output, a line of JSON: `{"seconds": 1.5, "bytes": n}` and n bytes, or
`{"reason": "...", "message": "..."}`. The bytes are a picture if the line before the file is `{"picture": {...}}` with
the fields of a `domain.picture.Picture`; with `{"programs": [[channel, program], ...]}` they are the file to synthesise
(`rendering.canonical`).
"""

import json
import sys
from typing import TYPE_CHECKING, Any

from euterpe_converter.domain.picture import Picture, PictureFormat, Theme

if TYPE_CHECKING:
    from euterpe_music.piece import Piece

LENGTH_BYTES = 4


def main() -> None:
    """Answer requests until standard input ends."""
    # Imported here: the service imports this module for LENGTH_BYTES, and must not load the parser and numpy.
    from euterpe_music.midi import MidiError, MidiLimits, Piece, read_midi, write_midi
    from euterpe_music.piece import make_notes

    from euterpe_converter.rendering.canonical import canonical_midi

    limits = MidiLimits(**json.loads(sys.argv[1]))
    # The first file takes a fifth of a second longer than others.
    canonical_midi(write_midi(Piece(480, make_notes([0], 480, 60, 80))), MidiLimits(), {})
    print(flush=True)
    while task := sys.stdin.buffer.readline():
        midi = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(LENGTH_BYTES)))
        answer: dict[str, Any]
        content = b""
        try:
            options = json.loads(task)
            if "picture" in options:
                piece = read_midi(midi, limits).playable()
                content = _picture(piece, options["picture"])
            else:
                piece, content = canonical_midi(midi, limits, dict(options["programs"]))
            answer = {"seconds": piece.duration_seconds, "bytes": len(content)}
        except MidiError as error:
            answer = {"reason": error.reason, "message": str(error)}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + content)
        sys.stdout.buffer.flush()


def _picture(piece: "Piece", options: dict[str, Any]) -> bytes:
    # Imported here: drawing loads Pillow, and most of these processes never draw.
    from euterpe_converter.rendering.picture import png, svg

    kind = PictureFormat(options["format"])
    picture = Picture(**(options | {"format": kind, "theme": Theme(options["theme"])}))
    return png.draw(piece, picture) if kind is PictureFormat.PNG else svg.draw(piece, picture)


if __name__ == "__main__":
    main()
