"""The tracks of songs as files: equal length, the sum is the mix, limits and cancellation."""

import io
import uuid
import zipfile

import mido
import numpy as np
import pytest
from euterpe_converter.domain.formats import AudioFormat
from euterpe_converter.domain.requester import Requester
from euterpe_converter.services.options import AudioOptions
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.midi import Piece, Tempo, Track, read_midi, write_midi
from euterpe_music.piece import make_notes


@pytest.fixture
def duet() -> bytes:
    """Two bars of 3/4 of a violin, and one of a drum kit; a track without notes."""
    violin = make_notes(np.arange(6) * 480, 400, 69, 60, 0)
    drums = make_notes(np.arange(3) * 480, 100, 38, 60, 2)
    tracks = (Track(40, name="Violin / solo"), Track(0), Track(0, is_drum=True))
    tempos, meters = (Tempo(0, 150.0), Tempo(1440, 120.0)), (MeterChange(0, Meter(3, 4)),)
    return write_midi(Piece(480, np.concatenate([violin, drums]), tracks, tempos, meters))


def _files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_the_tracks_together_are_the_mix(client, add_song, duet, token_issuer, decode):
    song, headers = await add_song(midi=duet, title="Duet"), token_issuer.headers("alice")
    answer = await client.get(f"/api/v1/stems/{song}.zip?format=wav", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    files = _files(answer.content)
    assert list(files) == ["01 Violin _ solo.wav", "02 Drum Kit.wav"]
    violin, drums = (decode(each).samples.astype(np.float64) for each in files.values())
    mix = decode((await client.get(f"/api/v1/audio/{song}.wav", headers=headers)).content).samples.astype(np.float64)
    assert len(violin) == len(drums) == len(mix)
    assert np.abs(drums).max() > 500, "the drums sound"
    rest = np.sqrt(((violin + drums - mix) ** 2).mean() / (mix**2).mean())
    assert rest < 0.05
    flac = _files((await client.get(f"/api/v1/stems/{song}.zip?format=flac", headers=headers)).content)
    assert len(decode(flac["02 Drum Kit.flac"]).samples) == len(mix)


async def test_midi_files_of_the_tracks_have_the_bars_of_the_song(client, add_song, duet, token_issuer):
    song, headers = await add_song(midi=duet), token_issuer.headers("alice")
    files = _files((await client.get(f"/api/v1/stems/{song}.zip?format=mid", headers=headers)).content)
    whole = read_midi(duet)
    pieces = [read_midi(each) for each in files.values()]
    assert [(piece.meters, piece.tempos) for piece in pieces] == [(whole.meters, whole.tempos)] * 2
    assert [len(piece.notes) for piece in pieces] == [6, 3]
    # Every track chunk ends at the end of the second bar: the deltas of each add up to 2880 ticks.
    for content in files.values():
        for track in mido.MidiFile(file=io.BytesIO(content)).tracks:
            assert sum(message.time for message in track) == 2880


async def test_a_link_for_listening_gives_no_tracks(client, add_song, duet, library):
    song = await add_song(midi=duet)
    library.double.shares["stems-token"] = (song, False)
    answer = await client.get(f"/api/v1/stems/{song}.zip?share=stems-token")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "download-not-allowed")


async def test_too_much_audio_is_refused_and_midi_is_not(client, add_song, token_issuer):
    onsets = np.arange(50) * 22_000
    midi = write_midi(Piece(480, make_notes(onsets, 240, 60, 80, np.arange(50)), tuple(Track(n) for n in range(50))))
    song, headers = await add_song(midi=midi), token_issuer.headers("alice")
    answer = await client.get(f"/api/v1/stems/{song}.zip", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["limits"] == {"max_tracks": 64, "max_seconds": 21600.0}
    assert len(_files((await client.get(f"/api/v1/stems/{song}.zip?format=mid", headers=headers)).content)) == 50


async def test_an_archive_that_nobody_reads_on_ends_its_render(client, add_song, app, rendered, eventually):
    onsets = np.arange(300) * 480
    notes = np.concatenate([make_notes(onsets, 480, 60, 80, number) for number in range(8)])
    song = await add_song(midi=write_midi(Piece(480, notes, tuple(Track(number) for number in range(8)))))
    options = AudioOptions().render_options(AudioFormat.MP3, "query")
    archive = await app.state.stems.for_song(uuid.UUID(song), options, Requester("alice"))
    chunks = archive.chunks()
    assert await anext(chunks)
    await chunks.aclose()
    running = "euterpe_converter_renders_running"
    await eventually(lambda: app.state.registry.get_sample_value(running) == 0)
    assert rendered("ok", "mp3") <= 1
