"""libfluidsynth: a SoundFont that is read once, and synthesisers that play MIDI files with it.

FluidSynth 2 (https://www.fluidsynth.org/api/). One synthesiser serves one piece: it is made anew for each, which takes
two milliseconds, so that no piece hears the reverb, the controllers or the dither of another.
"""

from collections.abc import Mapping
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_float, c_int, c_size_t, c_void_p
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_converter.rendering.native.library import load

DEFAULT_LIBRARY = "libfluidsynth.so.3"
PACKAGE = "libfluidsynth3"

#: Frames that FluidSynth computes at once; events take effect between them.
BLOCK_FRAMES = 64

_NOTE_ON, _CONTROL_CHANGE, _PROGRAM_CHANGE = 0x90, 0xB0, 0xC0
_BANK_SELECT = (0, 32)
# Portamento and its starting key, legato, mono: what a note sounds like then depends on the one before it.
_JOINING = (65, 84, 68, 126)
_PERCUSSION_CHANNEL = 9
_ALL = -1
_PLAYING = 1
_ERROR_LEVELS = (0, 1)

_LOG = CFUNCTYPE(None, c_int, c_char_p, c_void_p)
_EVENT = CFUNCTYPE(c_int, c_void_p, c_void_p)

_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "fluid_version_str": (c_char_p, []),
    "fluid_set_log_function": (c_void_p, [c_int, _LOG, c_void_p]),
    "new_fluid_settings": (c_void_p, []),
    "delete_fluid_settings": (None, [c_void_p]),
    "fluid_settings_setint": (c_int, [c_void_p, c_char_p, c_int]),
    "fluid_settings_setnum": (c_int, [c_void_p, c_char_p, c_double]),
    "fluid_settings_setstr": (c_int, [c_void_p, c_char_p, c_char_p]),
    "new_fluid_synth": (c_void_p, [c_void_p]),
    "delete_fluid_synth": (None, [c_void_p]),
    "fluid_synth_sfload": (c_int, [c_void_p, c_char_p, c_int]),
    "fluid_synth_get_sfont_by_id": (c_void_p, [c_void_p, c_int]),
    "fluid_synth_remove_sfont": (c_int, [c_void_p, c_void_p]),
    "fluid_synth_add_sfont": (c_int, [c_void_p, c_void_p]),
    "fluid_synth_program_change": (c_int, [c_void_p, c_int, c_int]),
    "fluid_synth_handle_midi_event": (c_int, [c_void_p, c_void_p]),
    "fluid_synth_noteon": (c_int, [c_void_p, c_int, c_int, c_int]),
    "fluid_synth_noteoff": (c_int, [c_void_p, c_int, c_int]),
    "fluid_synth_all_sounds_off": (c_int, [c_void_p, c_int]),
    "fluid_synth_reverb_on": (c_int, [c_void_p, c_int, c_int]),
    "fluid_synth_chorus_on": (c_int, [c_void_p, c_int, c_int]),
    "fluid_synth_get_active_voice_count": (c_int, [c_void_p]),
    "fluid_synth_write_float": (
        c_int,
        [c_void_p, c_int, POINTER(c_float), c_int, c_int, POINTER(c_float), c_int, c_int],
    ),
    "new_fluid_player": (c_void_p, [c_void_p]),
    "delete_fluid_player": (None, [c_void_p]),
    "fluid_player_add_mem": (c_int, [c_void_p, c_char_p, c_size_t]),
    "fluid_player_play": (c_int, [c_void_p]),
    "fluid_player_get_status": (c_int, [c_void_p]),
    "fluid_player_get_total_ticks": (c_int, [c_void_p]),
    "fluid_player_set_playback_callback": (c_int, [c_void_p, _EVENT, c_void_p]),
    "fluid_midi_event_get_type": (c_int, [c_void_p]),
    "fluid_midi_event_get_channel": (c_int, [c_void_p]),
    "fluid_midi_event_get_control": (c_int, [c_void_p]),
    "fluid_midi_event_get_key": (c_int, [c_void_p]),
    "fluid_midi_event_get_velocity": (c_int, [c_void_p]),
}


class SynthesisFailed(Exception):
    """FluidSynth reported damage; its words are the message."""


@dataclass(frozen=True, slots=True)
class Voicing:
    """What decides the samples beside the notes: frames per second, FluidSynth's gain, levels of its effects (0 is
    off), and the General MIDI program (0 to 127) of each MIDI channel (0 to 15) whose own programs are overridden.
    """

    sample_rate: int = 44_100
    gain: float = 0.2
    reverb: float = 0.9
    chorus: float = 2.0
    programs: Mapping[int, int] = field(default_factory=dict)


class NewNotes(Enum):
    """What becomes of the notes that begin."""

    #: They sound.
    PLAY = auto()
    #: They are left out.
    SKIP = auto()
    #: They are left out, but an older note of the same key ends as it would have.
    RELEASE = auto()
    #: The same, and percussion, which can end other percussion, is played 84 dB below its loudest.
    REPLACE = auto()


class FluidSynth:
    """The library with one SoundFont in memory. Synthesisers share it, also those of forked processes."""

    def __init__(self, soundfont: str, library: str = DEFAULT_LIBRARY) -> None:
        """Reads the SoundFont: 148 MB take a third of a second. Raises LibraryMissing, SynthesisFailed."""
        self.lib = load(library, PACKAGE, _SIGNATURES)
        self.complaints: list[str] = []
        # Kept, because the library does not keep Python's object alive.
        self._log = _LOG(self._complain)
        for level in range(5):
            self.lib.fluid_set_log_function(level, self._log, None)
        self._settings = self.lib.new_fluid_settings()
        self._configure(self._settings, Voicing())
        self._loader = self.lib.new_fluid_synth(self._settings)
        number = self.lib.fluid_synth_sfload(self._loader, soundfont.encode(), 0)
        if number < 0:
            raise SynthesisFailed("; ".join(self.complaints) or "the SoundFont cannot be read")
        self.sfont = self.lib.fluid_synth_get_sfont_by_id(self._loader, number)
        self.lib.fluid_synth_remove_sfont(self._loader, self.sfont)
        self.complaints.clear()

    @property
    def version(self) -> str:
        """The library's version."""
        version: bytes = self.lib.fluid_version_str()
        return version.decode("ascii", "replace")

    def new_settings(self, voicing: Voicing) -> int:
        """Settings for a synthesiser, to be deleted by the caller."""
        settings: int = self.lib.new_fluid_settings()
        self._configure(settings, voicing)
        return settings

    def _configure(self, settings: int, voicing: Voicing) -> None:
        setint, setnum = self.lib.fluid_settings_setint, self.lib.fluid_settings_setnum
        setnum(settings, b"synth.sample-rate", voicing.sample_rate)
        setnum(settings, b"synth.gain", voicing.gain)
        setint(settings, b"synth.reverb.active", voicing.reverb > 0)
        setnum(settings, b"synth.reverb.level", voicing.reverb)
        setint(settings, b"synth.chorus.active", voicing.chorus > 0)
        setnum(settings, b"synth.chorus.level", voicing.chorus)
        setint(settings, b"synth.cpu-cores", 1)
        setint(settings, b"synth.lock-memory", 0)
        setint(settings, b"synth.dynamic-sample-loading", 0)
        # The piece's clock is the synthesiser's, not the machine's.
        self.lib.fluid_settings_setstr(settings, b"player.timing-source", b"sample")

    def _complain(self, level: int, message: bytes | None, _: object) -> None:
        if level in _ERROR_LEVELS and len(self.complaints) < 8:
            self.complaints.append((message or b"").decode("utf-8", "replace")[:300])


class Performance:
    """One MIDI file, played once."""

    def __init__(self, fluidsynth: FluidSynth, midi: bytes, voicing: Voicing) -> None:
        """Raises SynthesisFailed when the file is none that FluidSynth can play."""
        self._owner, self._lib = fluidsynth, fluidsynth.lib
        self._voicing = voicing
        self._settings = fluidsynth.new_settings(voicing)
        self._synth = self._lib.new_fluid_synth(self._settings)
        self._player = self._lib.new_fluid_player(self._synth) if self._synth else None
        if not self._player:
            raise SynthesisFailed("the synthesiser cannot be made")
        self._lib.fluid_synth_add_sfont(self._synth, fluidsynth.sfont)
        self._programs = dict(voicing.programs)
        for channel, program in self._programs.items():
            self._lib.fluid_synth_program_change(self._synth, channel, program)
        self._lib.fluid_player_add_mem(self._player, midi, len(midi))
        self._chosen = False
        #: Whether the file has joined notes together so far: then none can be understood without the one before it.
        self.joined = False
        self.new_notes(NewNotes.PLAY)
        self._lib.fluid_player_play(self._player)

    def new_notes(self, fate: NewNotes) -> None:
        """Decides on notes that begin from now on."""
        self._fate = fate
        plain = fate is NewNotes.PLAY and not self._programs
        self._handler = _EVENT(("fluid_synth_handle_midi_event", self._lib)) if plain else _EVENT(self._handle)
        self._lib.fluid_player_set_playback_callback(self._player, self._handler, self._synth)

    def reverb(self, *, on: bool) -> None:
        """Turns it off, or on if the voicing has it; it begins as in a new synthesiser."""
        self._lib.fluid_synth_reverb_on(self._synth, _ALL, on and self._voicing.reverb > 0)

    def chorus(self, *, on: bool) -> None:
        """The same."""
        self._lib.fluid_synth_chorus_on(self._synth, _ALL, on and self._voicing.chorus > 0)

    def silence(self) -> None:
        """Ends everything that sounds."""
        self._lib.fluid_synth_all_sounds_off(self._synth, _ALL)

    def read(self, frames: int, block: int) -> NDArray[np.float32]:
        """The next frames, shape (frames, 2), full scale is 1; silence and dying tones when the file has ended.

        They are asked for `block` at a time, a multiple of BLOCK_FRAMES: more at once is faster.
        Raises SynthesisFailed when FluidSynth reported an error; it would go on in silence.
        """
        samples = np.empty((frames, 2), np.float32)
        pointer = samples.ctypes.data_as(POINTER(c_float))
        write = self._lib.fluid_synth_write_float
        for start in range(0, frames, block):
            write(self._synth, min(block, frames - start), pointer, 2 * start, 2, pointer, 2 * start + 1, 2)
        if self._owner.complaints:
            raise SynthesisFailed("; ".join(self._owner.complaints))
        return samples

    @property
    def playing(self) -> bool:
        """Whether events are still to come."""
        return bool(self._lib.fluid_player_get_status(self._player) == _PLAYING)

    @property
    def voices(self) -> int:
        """How many sound."""
        return int(self._lib.fluid_synth_get_active_voice_count(self._synth))

    def close(self) -> None:
        """Frees it, but not the SoundFont, which is everybody's."""
        self._lib.delete_fluid_player(self._player)
        self._lib.fluid_synth_remove_sfont(self._synth, self._owner.sfont)
        self._lib.delete_fluid_synth(self._synth)
        self._lib.delete_fluid_settings(self._settings)

    def _handle(self, synth: int, event: int) -> int:
        kind = self._lib.fluid_midi_event_get_type(event)
        channel = self._lib.fluid_midi_event_get_channel(event)
        if kind == _NOTE_ON and self._fate is not NewNotes.PLAY:
            return self._leave_out(synth, event, channel)
        control = self._lib.fluid_midi_event_get_control(event) if kind == _CONTROL_CHANGE else None
        self.joined = self.joined or control in _JOINING
        if channel in self._programs:
            if not self._chosen:
                # The player resets the synthesiser when it begins, and with it the programs.
                self._chosen = True
                for each, program in self._programs.items():
                    self._lib.fluid_synth_program_change(synth, each, program)
            if kind == _PROGRAM_CHANGE or control in _BANK_SELECT:
                return 0
        return int(self._lib.fluid_synth_handle_midi_event(synth, event))

    def _leave_out(self, synth: int, event: int, channel: int) -> int:
        if self._fate is NewNotes.SKIP:
            return 0
        key = self._lib.fluid_midi_event_get_key(event)
        began = self._lib.fluid_midi_event_get_velocity(event) > 0
        if self._fate is NewNotes.REPLACE and channel == _PERCUSSION_CHANNEL and began:
            return int(self._lib.fluid_synth_noteon(synth, channel, key, 1))
        return int(self._lib.fluid_synth_noteoff(synth, channel, key))
