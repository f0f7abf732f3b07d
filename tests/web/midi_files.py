"""MIDI files for prompts and imports."""

import httpx


def melody_midi() -> bytes:
    """Return four bars of 4/4 in C major, in quarter notes, on one track."""
    pitches = [60, 64, 67, 64, 65, 69, 72, 69, 67, 71, 74, 71, 72, 67, 64, 60]
    notes = b"".join(bytes([0, 0x90, pitch, 90, 96, 0x80, pitch, 0]) for pitch in pitches)
    events = bytes.fromhex("00 ff5103 07a120 00 ff5804 04021808") + notes + bytes.fromhex("00 ff2f00")
    head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96])
    return head + b"MTrk" + len(events).to_bytes(4, "big") + events


def two_note_midi() -> bytes:
    """Return a file of two successive notes."""
    events = bytes.fromhex("00 ff5103 07a120 00 903c64 60 803c00 00 904064 60 804000 00 ff2f00")
    head = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 96])
    return head + b"MTrk" + len(events).to_bytes(4, "big") + events


def long_midi(tracks: int = 50, seconds: int = 1_200) -> bytes:
    """Return a file of many tracks with a note every two seconds on each, at 120 bpm."""

    def chunk(name: bytes, events: bytes) -> bytes:
        return name + len(events).to_bytes(4, "big") + events

    def track(number: int) -> bytes:
        channel = number % 9
        start = bytes([0, 0xC0 | channel, number])
        # Two variable-length bytes: 191 ticks.
        note = bytes([1, 0x90 | channel, 36 + number, 80, 0x81, 0x3F, 0x80 | channel, 36 + number, 0])
        return chunk(b"MTrk", start + note * (seconds // 2) + bytes.fromhex("00 ff2f00"))

    head = chunk(b"MThd", (1).to_bytes(2, "big") + tracks.to_bytes(2, "big") + (48).to_bytes(2, "big"))
    return head + b"".join(track(number) for number in range(tracks))


def import_midi(client: httpx.Client, title: str, headers: dict[str, str]) -> str:
    """Import `two_note_midi()` into the library of the user. Returns the id of the song."""
    kind = {"Content-Type": "audio/midi"}
    answer = client.post("/library/imports", params={"title": title}, content=two_note_midi(), headers=headers | kind)
    return str(answer.raise_for_status().json()["id"])
