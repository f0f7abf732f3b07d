"""Parses untrusted MIDI files in a separate process: `python -m euterpe_converter.rendering.midi_process LIMITS`.

A crafted file of 10 MiB can take gigabytes and most of a minute to parse (2.5 million notes on 20,000 tracks did), and
a native parser can crash. In a separate process, that fails one request instead of the service.

Protocol: one empty line when ready. Then for each file, on standard input, a line of JSON, four bytes of length
(big-endian) and the file; on standard output, a line of JSON: `{"seconds": 1.5}` or
`{"reason": "...", "message": "..."}`. If the line before the file holds the fields of a `domain.picture.Picture`
instead of `{}`, the answer is `{"bytes": n}` followed by the n bytes of the picture.
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
    from euterpe_music.midi import MidiError, MidiLimits, read_midi

    limits = MidiLimits(**json.loads(sys.argv[1]))
    print(flush=True)
    while task := sys.stdin.buffer.readline():
        midi = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(LENGTH_BYTES)))
        answer: dict[str, Any]
        drawn = b""
        try:
            piece = read_midi(midi, limits)
            answer = {"seconds": piece.duration_seconds}
            if options := json.loads(task):
                drawn = _picture(piece, options)
                answer = {"bytes": len(drawn)}
        except MidiError as error:
            answer = {"reason": error.reason, "message": str(error)}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + drawn)
        sys.stdout.buffer.flush()


def _picture(piece: "Piece", options: dict[str, Any]) -> bytes:
    # Imported here: drawing loads Pillow, and most of these processes never draw.
    from euterpe_converter.rendering.picture import png, svg

    kind = PictureFormat(options["format"])
    picture = Picture(**(options | {"format": kind, "theme": Theme(options["theme"])}))
    return png.draw(piece, picture) if kind is PictureFormat.PNG else svg.draw(piece, picture)


if __name__ == "__main__":
    main()
