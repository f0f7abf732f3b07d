"""Rendering options, and the errors for invalid ones."""

import numpy as np
import pytest
from euterpe_converter.domain.steps import quantised
from euterpe_music.midi import Piece, Track, write_midi
from euterpe_music.piece import make_notes

URL = "/api/v1/conversions"


async def _convert(client, midi: bytes, **options):
    return await client.post(URL, files={"file": ("a.mid", midi)}, data={"format": "wav", **options})


async def _sound(client, decode, midi: bytes, **options):
    answer = await _convert(client, midi, **options)
    assert answer.status_code == 200, answer.text
    return decode(answer.content)


async def test_instrument_overrides_apply_to_the_requested_channels(client, decode, make_midi):
    midi = make_midi(2, 2)
    piano = await _sound(client, decode, midi)
    violin = await _sound(client, decode, midi, instrument="violin")
    first = await _sound(client, decode, midi, instrument="1:violin")
    other = await _sound(client, decode, midi, instrument="2:violin")
    written = await _sound(client, decode, make_midi(2, 2, program=40, fresh=False))
    assert (violin.samples == first.samples).all()
    assert (piano.samples == other.samples).all()
    assert not (piano.samples == violin.samples).all()
    assert len(written.samples) == len(violin.samples)


async def test_an_instrument_override_sounds_like_the_program_in_the_file(client, decode, make_midi):
    asked = await _sound(client, decode, make_midi(2, 2, fresh=False), instrument="violin")
    written = await _sound(client, decode, make_midi(2, 2, fresh=False, program=40))
    assert np.abs(asked.samples.astype(int) - written.samples).max() <= 1


async def test_loudness_matches_the_target(client, decode, make_midi):
    from euterpe_converter.rendering.loudness import LoudnessMeter

    midi = make_midi(6, 6)
    for target in (-30, -23):
        sound = await _sound(client, decode, midi, loudness=str(target))
        meter = LoudnessMeter(sound.rate)
        meter.add(sound.samples.astype(np.float32) / 32768)
        assert meter.integrated() == pytest.approx(target, abs=0.3)


async def test_trim_and_tail(client, decode, make_midi):
    midi = make_midi(2, 4)
    whole = await _sound(client, decode, midi, tail="10", fade="0")
    trimmed = await _sound(client, decode, midi, tail="10", trim="true", fade="0")
    bare = await _sound(client, decode, midi, tail="0")
    assert (whole.seconds, bare.seconds) == (12.0, 2.0)
    assert 2.0 < trimmed.seconds < 11.0
    assert np.abs(whole.samples[len(trimmed.samples) :]).max() < 40


async def test_effects_gain_and_channels_change_the_samples(client, decode, make_midi):
    midi = make_midi(2, 4)
    usual = await _sound(client, decode, midi)
    dry = await _sound(client, decode, midi, reverb="0", chorus="0")
    soft = await _sound(client, decode, midi, gain="0.4")
    assert not (usual.samples == dry.samples).all()
    assert soft.rms() == pytest.approx(usual.rms() / 2, rel=0.02)
    mono = await _sound(client, decode, midi, channels="mono")
    assert (mono.samples[:, 0] == mono.samples[:, 1]).all()


async def test_loud_audio_is_limited_instead_of_clipped(client, decode):
    notes = make_notes(np.zeros(40, int), 1920, np.arange(40, 80), 127)
    cluster = write_midi(Piece(480, notes, (Track(18),)))
    sound = await _sound(client, decode, cluster, format="wav", gain="2")
    peak = np.abs(sound.samples.astype(np.int32)).max()
    assert 0.8 * 32_767 < peak < 0.9 * 32_767


async def test_differences_below_a_step_share_one_rendition(client, make_midi):
    midi = make_midi(2, 2)
    near = {"gain": "0.8123", "reverb": "0.91", "chorus": "1.99", "tail": "2.01", "fade": "0.449"}
    etags = set()
    for options in ({}, near, *({name: value} for name, value in near.items())):
        etags.add((await _convert(client, midi, **options)).headers["etag"])
    assert len(etags) == 1
    other = await _convert(client, midi, gain="0.85")
    assert other.headers["etag"] not in etags


def test_options_are_rounded_to_their_steps():
    assert [quantised(value, 0.05, least=0.05) for value in (0.001, 0.07, 0.149999, 2)] == [0.05, 0.05, 0.15, 2]
    assert [quantised(value, 0.5, least=-40.0) for value in (-40, -16.2, -16.3)] == [-40, -16, -16.5]


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({"instrument": "kazoo"}, "body.instrument", "not a General MIDI instrument"),
        ({"instrument": "10:violin"}, "body.instrument", "the drums"),
        ({"format": "mp3", "bitrate": "100"}, "body.bitrate", "192"),
        ({"format": "flac", "bitrate": "192"}, "body.bitrate", "no constant bit rate"),
        ({"format": "mp3", "bit_depth": "24"}, "body.bit_depth", "with wav or flac only"),
        ({"format": "opus", "sample_rate": "44100"}, "body.sample_rate", "48000"),
        ({"format": "mp3", "bitrate": "192", "vbr": "2"}, "body.vbr", "cannot be combined"),
        ({"soundfont": "nothing"}, "soundfont", "FluidR3_GM"),
        ({"soundfont": "../../etc/passwd"}, "soundfont", "there is no SoundFont"),
        ({"gain": "nan"}, "body.gain", ""),
        ({"tail": "11"}, "body.tail", "10"),
        ({"loudness": "0"}, "body.loudness", "-5"),
    ],
)
async def test_an_invalid_option_is_named(client, make_midi, options, field, message):
    answer = await _convert(client, make_midi(), **options)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert message in error["message"]


async def test_options_are_query_parameters_of_a_song(client, add_song, token_issuer, decode):
    song, headers = await add_song(), token_issuer.headers("alice")
    url = f"/api/v1/audio/{song}.mp3"
    usual = await client.get(url, headers=headers)
    strings = await client.get(f"{url}?instrument=strings&instrument=2:cello&tail=0", headers=headers)
    assert usual.headers["etag"] != strings.headers["etag"]
    assert decode(strings.content).seconds == pytest.approx(3.0, abs=0.06)
    wrong = await client.get(f"{url}?instrumen=strings", headers=headers)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "query.instrumen")


async def test_soundfonts_are_listed_with_licences(client, make_midi, decode):
    answer = (await client.get("/api/v1/soundfonts")).json()
    fonts = {font["name"]: font for font in answer["soundfonts"]}
    assert fonts["FluidR3_GM"]["licence"] == "MIT"
    assert "Frank Wen" in fonts["FluidR3_GM"]["copyright"]
    assert [font["name"] for font in answer["soundfonts"] if font["default"]] == ["FluidR3_GM"]
    assert (len(answer["instruments"]), answer["instruments"][40]) == (128, "violin")


async def test_a_soundfont_is_selected_by_name(client, decode, make_midi):
    midi = make_midi(1, 2)
    usual = await _sound(client, decode, midi)
    other = await _sound(client, decode, midi, soundfont="MuseScore_General_Lite")
    assert other.rms() > 50
    assert not (usual.samples == other.samples).all()
