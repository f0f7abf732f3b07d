"""Songs as sheet music: what other programs read from it, access, limits."""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import verovio
from euterpe_music.key_signature import KeyChange, KeySignature
from euterpe_music.meter import Meter, MeterChange
from euterpe_music.midi import Piece, Tempo, Track, read_midi, write_midi
from euterpe_music.piece import make_notes

_QUARTER = 480


@pytest.fixture
def trio() -> Piece:
    """A jig of 8 bars in D minor, then two bars of 3/4: melody, piano with two hands, drums."""
    eighth = _QUARTER // 2
    onsets = np.arange(48) * eighth
    melody = make_notes(onsets, eighth, 62 + np.array([0, 3, 7, 11, 12, 7] * 8), 90, 0)
    bass = make_notes(np.arange(8) * 6 * eighth, 6 * eighth, 38 + np.arange(8) % 3, 70, 1)
    chords = make_notes(np.repeat(np.arange(16) * 3 * eighth, 2), 3 * eighth, np.tile([65, 69], 16), 60, 1)
    drums = make_notes(np.arange(16) * 3 * eighth, eighth, np.tile([36, 42], 8), 80, 2)
    behind = 48 * eighth
    triplets = make_notes(behind + np.arange(9) * _QUARTER // 3, _QUARTER // 3, 74, 90, 0)
    half = make_notes([behind + 3 * _QUARTER], 3 * _QUARTER, 62, 90, 0)
    tracks = (Track(73, name="Flute & friends"), Track(0), Track(0, is_drum=True))
    return Piece(
        _QUARTER,
        np.concatenate([melody, bass, chords, drums, triplets, half]),
        tracks,
        (Tempo(0, 180.0),),
        (MeterChange(0, Meter(6, 8)), MeterChange(behind, Meter(3, 4))),
        (KeyChange(0, KeySignature(-1, is_minor=True)),),
    )


def _heard(musicxml: bytes) -> Piece:
    """Return the piece that another reader of MusicXML plays."""
    toolkit = verovio.toolkit()
    assert toolkit.loadData(musicxml.decode())
    return read_midi(base64.b64decode(toolkit.renderToMIDI()))


def _notes(piece: Piece) -> list[tuple[float, float, int]]:
    pitched = [number for number, track in enumerate(piece.tracks) if not track.is_drum]
    notes = piece.notes[np.isin(piece.notes["track"], pitched)]
    scale = 1 / piece.ticks_per_quarter
    return sorted((round(on * scale, 2), round(length * scale, 1), pitch) for on, length, pitch, *_ in notes.tolist())


async def test_another_program_reads_the_same_music_from_musicxml(client, add_song, trio, token_issuer):
    song, headers = await add_song(title="Rock & <Roll>", midi=write_midi(trio)), token_issuer.headers("alice")
    answer = await client.get(f"/api/v1/scores/{song}.musicxml?download=true", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.recordare.musicxml+xml")
    assert answer.headers["content-disposition"].startswith("attachment")
    heard = _heard(answer.content)
    assert _notes(heard) == _notes(trio)
    assert heard.tempos[0].bpm == pytest.approx(180, abs=0.5)
    root = ET.fromstring(answer.content)
    assert root.findtext("work/work-title") == "Rock & <Roll>"
    assert [part.text for part in root.iter("part-name")] == ["Flute & friends", "Acoustic Grand Piano", "Drum Kit"]
    bars = root.find("part")
    assert len(bars) == 10
    first, ninth = bars[0].find("attributes"), bars[8].find("attributes")
    assert (first.findtext("key/fifths"), first.findtext("key/mode")) == ("-1", "minor")
    assert (first.findtext("time/beats"), first.findtext("time/beat-type")) == ("6", "8")
    assert (ninth.findtext("time/beats"), ninth.findtext("time/beat-type")) == ("3", "4")
    # The raised seventh of D minor is C sharp, not D flat; F natural needs no sign.
    names = [f"{note.findtext('pitch/step')}{note.findtext('pitch/alter') or ''}" for note in bars[0].iter("note")]
    assert names == ["D", "F", "A", "C1", "D", "A"]
    assert [each.text for each in bars[0].iter("accidental")] == ["sharp"]
    assert len(list(bars[8].iter("time-modification"))) == 9
    # The piano has two staves, each bar filled on both.
    for bar in root.findall("part")[1]:
        ends = dict.fromkeys(("1", "2"), 0)
        for note in bar.iter("note"):
            if note.find("chord") is None:
                ends[note.findtext("staff")] += int(note.findtext("duration"))
        assert ends["1"] == ends["2"] == 144


async def test_instruments_and_guests_are_named_in_the_language_of_the_reader(client, add_song, trio, token_issuer):
    song, headers = await add_song(midi=write_midi(trio), author="Guest"), token_issuer.headers("alice")
    for language, composer, names in (
        ("es", "Invitado", ["Flute & friends", "Piano de cola", "Batería"]),
        ("en", "Guest", ["Flute & friends", "Acoustic Grand Piano", "Drum Kit"]),
    ):
        path = f"/api/v1/scores/{song}.musicxml?language={language}"
        root = ET.fromstring((await client.get(path, headers=headers)).content)
        assert [part.text for part in root.iter("part-name")] == names
        assert root.findtext("identification/creator") == composer


async def test_pages_and_abc(client, add_song, trio, token_issuer):
    song, headers = await add_song(title="Jig", midi=write_midi(trio)), token_issuer.headers("alice")
    page = await client.get(f"/api/v1/scores/{song}.svg", headers=headers)
    assert (page.status_code, page.headers["x-page-count"]) == (200, "1")
    assert "Jig" in "".join(ET.fromstring(page.content).itertext())
    assert "script" not in page.headers["content-security-policy"]
    again = await client.get(f"/api/v1/scores/{song}.svg", headers=headers | {"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    missing = await client.get(f"/api/v1/scores/{song}.svg?page=2", headers=headers)
    assert missing.json()["errors"][0]["field"] == "query.page"
    narrow = await client.get(f"/api/v1/scores/{song}.svg?layout=phone", headers=headers)
    assert narrow.headers["x-page-count"] != "0"
    pdf = await client.get(f"/api/v1/scores/{song}.pdf", headers=headers)
    assert (pdf.content[:5], pdf.headers["x-page-count"]) == (b"%PDF-", "1")
    assert (await client.get(f"/api/v1/scores/{song}.pdf", headers=headers)).content == pdf.content
    abc = (await client.get(f"/api/v1/scores/{song}.abc", headers=headers)).text
    assert abc.splitlines()[2:6] == ["M:6/8", "L:1/8", "Q:3/8=120", "K:Dm"]
    assert abc.splitlines()[-1].count("(3:2:3") == 3, abc
    assert _abc_bars(abc) == 10


def _abc_bars(abc: str) -> int:
    toolkit = verovio.toolkit()
    toolkit.setOptions({"inputFrom": "abc"})
    assert toolkit.loadData(abc)
    return toolkit.getMEI().count("<measure ")


async def test_a_link_for_listening_shows_pages_but_gives_no_files(client, add_song, trio, library):
    song = await add_song(midi=write_midi(trio))
    assert (await client.get(f"/api/v1/scores/{song}.svg")).status_code == 404
    library.double.shares["score-token"] = (song, False)
    page = await client.get(f"/api/v1/scores/{song}.svg?share=score-token")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    for kind in ("pdf", "musicxml", "abc"):
        answer = await client.get(f"/api/v1/scores/{song}.{kind}?share=score-token")
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "download-not-allowed")


async def test_what_cannot_be_written_is_said(client, add_song, token_issuer):
    chords = make_notes(np.repeat(np.arange(4) * 480, 2), 480, np.tile([60, 64], 4), 80)
    song, headers = await add_song(midi=write_midi(Piece(480, chords))), token_issuer.headers("alice")
    answer = await client.get(f"/api/v1/scores/{song}.abc", headers=headers)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "score-not-possible")
    assert "one note at a time" in answer.json()["detail"]


async def test_twenty_minutes_with_fifty_tracks_are_bounded(client, add_song, token_issuer):
    random = np.random.default_rng(1)
    onsets = random.integers(0, 20 * 120 * 4, 8000) * 120
    notes = make_notes(onsets, 240, random.integers(40, 84, 8000), 80, random.integers(0, 50, 8000))
    song = await add_song(midi=write_midi(Piece(480, notes, tuple(Track(number) for number in range(50)))))
    headers = token_issuer.headers("alice")
    whole = await client.get(f"/api/v1/scores/{song}.musicxml", headers=headers, timeout=120)
    assert whole.status_code == 200
    assert sum(1 for _, each in ET.iterparse(io.BytesIO(whole.content)) if each.tag == "part") == 50
    engraved = await client.get(f"/api/v1/scores/{song}.svg", headers=headers, timeout=120)
    assert engraved.status_code == 422
    assert "MusicXML" in engraved.json()["detail"]
