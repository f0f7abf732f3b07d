"""Parses strangers' MIDI files in a process of its own: `python -m euterpe_converter.rendering.midi_process LIMITS`.

A file of 10 MiB can be made to take gigabytes and most of a minute in a parser (2.5 million notes on 20,000 tracks
did), and a parser in native code can crash. Here that costs one request, not the service.

Protocol: one empty line when ready; then for each file a line of JSON, four bytes of length (big-endian) and the file
on standard input, and one line of JSON on standard output: `{"seconds": 1.5}` or `{"reason": "...", "message": "..."}`.
The line before the file is `{}`, or the fields of a `domain.picture.Picture`; then the answer is `{"bytes": n}`, and n
bytes of a picture follow.
"""

import json
import sys
from typing import TYPE_CHECKING, Any

from euterpe_converter.domain.picture import Picture, PictureFormat, Theme

if TYPE_CHECKING:
    from euterpe_music.piece import Piece

LENGTH_BYTES = 4


def main() -> None:
    """Answers until standard input ends."""
    # Here, because the service imports this module for the protocol and shall not load the parser and numpy itself.
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
            if wanted := json.loads(task):
                drawn = _picture(piece, wanted)
                answer = {"bytes": len(drawn)}
        except MidiError as error:
            answer = {"reason": error.reason, "message": str(error)}
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + drawn)
        sys.stdout.buffer.flush()


def _picture(piece: "Piece", wanted: dict[str, Any]) -> bytes:
    # Here, because drawing loads Pillow, and most of these processes never draw.
    from euterpe_converter.rendering.picture import png, svg

    kind = PictureFormat(wanted["format"])
    picture = Picture(**(wanted | {"format": kind, "theme": Theme(wanted["theme"])}))
    return png.draw(piece, picture) if kind is PictureFormat.PNG else svg.draw(piece, picture)


if __name__ == "__main__":
    main()
