"""FluidSynth's command line: MIDI → raw PCM on standard output.

Measured on two cores with FluidR3 GM (148 MB), 10 s / 117 s of music: 0.51 / 1.52 s and 170 MB resident by default,
0.11 / 1.1 s and 47 / 69 MB with the options below. MuseScore General Lite needs 1.1 / 1.9 s and 130 MB, because its
samples must be decompressed anew by every process.
"""

from pathlib import Path

from euterpe_converter.domain.audio import SynthesisOptions

#: FluidSynth reports damage on standard error and exits with 0 all the same.
ERROR_MARK = "fluidsynth: error:"


def synthesis_arguments(options: SynthesisOptions) -> list[str]:
    """Everything on the command line that decides the samples."""
    return [
        *("-r", str(options.sample_rate), "-g", str(options.gain), "-R", "1", "-C", "1"),
        # Raw little-endian 16 bit, two channels.
        *("-T", "raw", "-O", "s16", "-E", "little"),
        # 1024 frames differ from the default's 64 by less than -100 dB and save a quarter of the time; 8192 save no
        # more than that and differ by -77 dB.
        *("-z", "1024", "-o", "synth.cpu-cores=1"),
        # Only the samples of the instruments that play are read, which is most of the time and memory of a short piece.
        *("-o", "synth.dynamic-sample-loading=1", "-o", "synth.lock-memory=0"),
    ]


def synthesis_command(program: str, soundfont: Path, midi_path: str, options: SynthesisOptions) -> list[str]:
    """The command that writes the samples to its standard output. No configuration file or shell is read."""
    quiet = ["-q", "-n", "-i", "-f", "/dev/null"]
    return [program, *quiet, *synthesis_arguments(options), "-F", "-", str(soundfont), midi_path]
