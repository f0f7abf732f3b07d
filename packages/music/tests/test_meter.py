import io

import mido
import numpy as np
import pytest
import symusic
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.meter import Meter, MeterChange, bar_starts
from euterpe_music.midi import read_midi, write_midi
from euterpe_music.piece import Piece, Tempo, Track, make_notes

METERS = ["4/4", "3/4", "2/4", "6/8", "9/8", "12/8", "2/2", "3/2", "5/4"]


def test_bars_follow_meter_changes() -> None:
    changes = (MeterChange(0, Meter(6, 8)), MeterChange(288, Meter(3, 4)), MeterChange(10_000, Meter(4, 4)))
    assert bar_starts(changes, 96, 600).tolist() == [0, 288, 576, 864]
    assert bar_starts((), 96, 384).tolist() == [0, 384]
    assert bar_starts((MeterChange(100, Meter(3, 4)),), 96, 100).tolist() == [0, 100]


@pytest.mark.parametrize("meter", METERS)
def test_other_readers_count_the_same_bars(meter: str) -> None:
    bar = round(Meter.parse(meter).bar_quarters * 480)
    notes = make_notes(np.arange(8) * bar, bar, [60, 62, 64, 65, 67, 69, 71, 72], 80)
    key = KeySignature.parse("D minor")
    piece = Piece(
        480, notes, (Track(73, name="Flûte"),), (Tempo(0, 100.0),), (MeterChange(0, Meter.parse(meter)),),
        (KeyChange(0, key),), title="Giga n.º 7",
    )  # fmt: skip
    written = write_midi(piece)
    assert read_midi(written) == piece
    file = mido.MidiFile(file=io.BytesIO(written), charset="utf-8")
    metas = {message.type: message for message in file.tracks[0]}
    assert f"{metas['time_signature'].numerator}/{metas['time_signature'].denominator}" == meter
    assert metas["key_signature"].key == "Dm"
    assert metas["track_name"].name == "Giga n.º 7"
    assert [message.name for message in file.tracks[1] if message.type == "track_name"] == ["Flûte"]
    # The file ends at the bar line, so that a sequencer shows whole bars.
    assert [sum(message.time for message in track) for track in file.tracks] == [8 * bar, 8 * bar]
    score = symusic.Score.from_midi(written)
    sign = score.time_signatures[0]
    assert (f"{sign.numerator}/{sign.denominator}", score.tracks[0].name) == (meter, "Flûte")


def test_more_melodic_tracks_than_channels_get_ports_of_their_own() -> None:
    notes = make_notes(np.arange(20) * 480, 480, 60, 80, np.arange(20))
    piece = Piece(480, notes, tuple(Track(program) for program in range(20)))
    again = read_midi(write_midi(piece))
    assert [track.program for track in again.tracks] == list(range(20))
    file = mido.MidiFile(file=io.BytesIO(write_midi(piece)))
    ports = [next((m.port for m in track if m.type == "midi_port"), 0) for track in file.tracks[1:]]
    assert ports == [0] * 15 + [1] * 5
