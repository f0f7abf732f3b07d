"""Parses strangers' MIDI files in a process of its own: `python -m euterpe_converter.rendering.midi_worker LIMITS`.

A file of 10 MiB can be made to take gigabytes and most of a minute in a parser (2.5 million notes on 20,000 tracks
did), and a parser in native code can crash. Here that costs one request, not the service.

Protocol: one empty line when ready; then for each file four bytes of length (big-endian) and the file on standard
input, and one line of JSON on standard output: `{"seconds": 1.5}` or `{"reason": "...", "message": "..."}`.
"""

import json
import sys
from typing import Any

LENGTH_BYTES = 4


def main() -> None:
    """Answers until standard input ends."""
    # Here, because the service imports this module for the protocol and shall not load the parser and numpy itself.
    from euterpe_music.midi import MidiError, MidiLimits, read_midi

    limits = MidiLimits(**json.loads(sys.argv[1]))
    print(flush=True)
    while header := sys.stdin.buffer.read(LENGTH_BYTES):
        midi = sys.stdin.buffer.read(int.from_bytes(header))
        answer: dict[str, Any]
        try:
            answer = {"seconds": read_midi(midi, limits).duration_seconds}
        except MidiError as error:
            answer = {"reason": error.reason, "message": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
