"""The content address changes with everything that decides the bytes."""

from dataclasses import replace
from pathlib import Path

from euterpe_converter.domain.audio import AudioFormat, SynthesisOptions
from euterpe_converter.rendering.key import rendition_key
from euterpe_converter.rendering.request import RenderRequest
from euterpe_converter.rendering.soundfont import SoundFont

REQUEST = RenderRequest("ab" * 32, AudioFormat.MP3)
SOUNDFONT = SoundFont(Path("/one.sf2"), "cd" * 32)
VERSIONS = "fluidsynth 2.3.1, ffmpeg 5.1"


def test_everything_that_decides_the_bytes_decides_the_key():
    options = SynthesisOptions()
    variants = [
        rendition_key(REQUEST, SOUNDFONT, VERSIONS),
        rendition_key(replace(REQUEST, midi_sha256="ef" * 32), SOUNDFONT, VERSIONS),
        rendition_key(replace(REQUEST, format=AudioFormat.WAV), SOUNDFONT, VERSIONS),
        rendition_key(REQUEST, SoundFont(SOUNDFONT.path, "ef" * 32), VERSIONS),
        rendition_key(REQUEST, SOUNDFONT, "fluidsynth 2.4.0, ffmpeg 5.1"),
        *(
            rendition_key(replace(REQUEST, synthesis=changed), SOUNDFONT, VERSIONS)
            for changed in (
                replace(options, sample_rate=48_000),
                replace(options, gain=0.5),
                replace(options, tail_seconds=3.0),
                replace(options, fade_seconds=0.1),
            )
        ),
    ]
    assert len({key.rpartition(".")[0] for key in variants}) == len(variants)


def test_where_the_soundfont_lies_does_not_matter():
    elsewhere = SoundFont(Path("/two.sf2"), SOUNDFONT.sha256)
    assert rendition_key(REQUEST, SOUNDFONT, VERSIONS) == rendition_key(REQUEST, elsewhere, VERSIONS)
