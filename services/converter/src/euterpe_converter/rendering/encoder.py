"""ffmpeg's command line: raw PCM on standard input → a file in one of the formats.

ffmpeg is run directly and not through pydub, which wants the whole PCM in memory (212 MB for 20 minutes, several times
over), writes named temporary files that a killed process leaves behind, and cannot encode while synthesis still runs.
"""

from euterpe_converter.domain.audio import AudioFormat, SynthesisOptions

# MP3: constant 192 kbit/s, so that positions can be computed. LAME's level 7 over eight pieces: 30.1 dB signal to noise
# and 5.75 dB log-spectral distance to the WAV, against 29.8 and 4.6 at the default level, which takes half as long
# again, and 23.9 and 6.3 at the 128 kbit/s that are pydub's default.
_CODECS: dict[AudioFormat, list[str]] = {
    AudioFormat.WAV: ["-c:a", "pcm_s16le", "-f", "wav"],
    AudioFormat.MP3: ["-c:a", "libmp3lame", "-b:a", "192k", "-compression_level", "7", "-f", "mp3"],
    AudioFormat.FLAC: ["-c:a", "flac", "-compression_level", "5", "-f", "flac"],
}


def encoding_arguments(audio_format: AudioFormat) -> list[str]:
    """Everything on the command line that decides the bytes, but for the place of the fade.

    Bit-exact mode keeps ffmpeg's version and the date out of the file, so that equal samples give equal bytes.
    """
    return ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", *_CODECS[audio_format]]


def encoding_command(
    program: str, target: str, audio_format: AudioFormat, options: SynthesisOptions, frames: int
) -> list[str]:
    """The command that reads `frames` frames from standard input and writes the finished file to `target`.

    `target` must be seekable: headers get their lengths at the end.
    """
    fade = min(frames, round(options.fade_seconds * options.sample_rate))
    return [
        *(program, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1"),
        *("-f", "s16le", "-ar", str(options.sample_rate), "-ac", "2", "-i", "pipe:0"),
        *("-af", f"afade=t=out:start_sample={frames - fade}:nb_samples={fade}"),
        *encoding_arguments(audio_format),
        target,
    ]
