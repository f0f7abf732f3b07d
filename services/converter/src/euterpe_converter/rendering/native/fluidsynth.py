"""libfluidsynth: a SoundFont that is loaded once, and synthesisers that play MIDI files with it.

FluidSynth 2 (https://www.fluidsynth.org/api/). Every piece gets a new synthesiser, which takes two milliseconds, so
that no reverb, controller or dither state carries over to the next piece.
"""

from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_float, c_int, c_size_t, c_void_p
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from euterpe_converter.rendering.native.library import load
from euterpe_converter.rendering.ports import CHANNELS, split_ports

DEFAULT_LIBRARY = "libfluidsynth.so.3"
PACKAGE = "libfluidsynth3"

#: Frames that FluidSynth computes at once; events take effect between them.
BLOCK_FRAMES = 64

_NOTE_ON, _CONTROL_CHANGE = 0x90, 0xB0
# Controllers that join notes: portamento and its start key, legato, mono. A note then depends on the one before it.
_JOINING_CONTROLLERS = (65, 84, 68, 126)
_PERCUSSION_CHANNEL = 9
_DRUM_CHANNEL_TYPE = 1
_ALL = -1
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
    "fluid_synth_set_channel_type": (c_int, [c_void_p, c_int, c_int]),
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
    "fluid_player_set_playback_callback": (c_int, [c_void_p, _EVENT, c_void_p]),
    "fluid_midi_event_get_type": (c_int, [c_void_p]),
    "fluid_midi_event_get_channel": (c_int, [c_void_p]),
    "fluid_midi_event_set_channel": (c_int, [c_void_p, c_int]),
    "fluid_midi_event_get_control": (c_int, [c_void_p]),
    "fluid_midi_event_get_key": (c_int, [c_void_p]),
    "fluid_midi_event_get_velocity": (c_int, [c_void_p]),
}


class SynthesisFailed(Exception):
    """FluidSynth reported an error, which is the message."""


@dataclass(frozen=True, slots=True)
class SynthSettings:
    """Sample rate in Hz, FluidSynth's gain, and effect levels (0 is off)."""

    sample_rate: int = 44_100
    gain: float = 0.2
    reverb: float = 0.9
    chorus: float = 2.0


class NoteMode(Enum):
    """What happens to notes that begin."""

    #: They are played.
    PLAY = auto()
    #: They are omitted.
    SKIP = auto()
    #: They are omitted, but end an older note of the same key as they would have.
    RELEASE = auto()
    #: As RELEASE, and percussion, which can end other percussion, is played 84 dB below its maximum.
    REPLACE = auto()


class FluidSynth:
    """The library with one SoundFont in memory, shared by its synthesisers, also those of forked processes."""

    def __init__(self, soundfont: str, library: str = DEFAULT_LIBRARY) -> None:
        """Load the SoundFont: 148 MB take a third of a second. Raises LibraryMissing, SynthesisFailed."""
        self.lib = load(library, PACKAGE, _SIGNATURES)
        self.errors: list[str] = []
        # Referenced here, because the library does not keep the Python object alive.
        self._log = _LOG(self._record_error)
        for level in range(5):
            self.lib.fluid_set_log_function(level, self._log, None)
        self._settings = self.lib.new_fluid_settings()
        self._configure(self._settings, SynthSettings())
        self._loader = self.lib.new_fluid_synth(self._settings)
        number = self.lib.fluid_synth_sfload(self._loader, soundfont.encode(), 0)
        if number < 0:
            raise SynthesisFailed("; ".join(self.errors) or "the SoundFont cannot be read")
        self.sfont = self.lib.fluid_synth_get_sfont_by_id(self._loader, number)
        self.lib.fluid_synth_remove_sfont(self._loader, self.sfont)
        self.errors.clear()

    @property
    def version(self) -> str:
        """The library's version."""
        version: bytes = self.lib.fluid_version_str()
        return version.decode("ascii", "replace")

    def create_settings(self, settings: SynthSettings) -> int:
        """Create FluidSynth settings; the caller deletes them."""
        handle: int = self.lib.new_fluid_settings()
        self._configure(handle, settings)
        return handle

    def _configure(self, handle: int, settings: SynthSettings) -> None:
        setint, setnum = self.lib.fluid_settings_setint, self.lib.fluid_settings_setnum
        setnum(handle, b"synth.sample-rate", settings.sample_rate)
        setnum(handle, b"synth.gain", settings.gain)
        setint(handle, b"synth.reverb.active", settings.reverb > 0)
        setnum(handle, b"synth.reverb.level", settings.reverb)
        setint(handle, b"synth.chorus.active", settings.chorus > 0)
        setnum(handle, b"synth.chorus.level", settings.chorus)
        setint(handle, b"synth.cpu-cores", 1)
        setint(handle, b"synth.lock-memory", 0)
        setint(handle, b"synth.dynamic-sample-loading", 0)
        # The player's clock counts synthesised samples instead of real time.
        self.lib.fluid_settings_setstr(handle, b"player.timing-source", b"sample")

    def _record_error(self, level: int, message: bytes | None, _: object) -> None:
        if level in _ERROR_LEVELS and len(self.errors) < 8:
            self.errors.append((message or b"").decode("utf-8", "replace")[:300])


class Playback:
    """One MIDI file, played once."""

    def __init__(self, fluidsynth: FluidSynth, midi: bytes, settings: SynthSettings) -> None:
        """Create a synthesiser, and start a player for each MIDI port. Raises SynthesisFailed."""
        self._owner, self._lib = fluidsynth, fluidsynth.lib
        self._options = settings
        files = split_ports(midi)
        self._settings = fluidsynth.create_settings(settings)
        self._lib.fluid_settings_setint(self._settings, b"synth.midi-channels", CHANNELS * len(files))
        # A player that starts would reset what another one has set already; a new synthesiser needs no reset.
        self._lib.fluid_settings_setint(self._settings, b"player.reset-synth", len(files) == 1)
        self._synth = self._lib.new_fluid_synth(self._settings)
        if not self._synth:
            raise SynthesisFailed("the synthesiser cannot be created")
        self._lib.fluid_synth_add_sfont(self._synth, fluidsynth.sfont)
        self._prepare_channels(len(files))
        self._players = [self._create_player(file) for file in files]
        #: Whether the file has joined notes so far, so that a note cannot be played without the one before it.
        self.has_joined_notes = False
        self.set_note_mode(NoteMode.PLAY)
        for player in self._players:
            self._lib.fluid_player_play(player)

    def _prepare_channels(self, ports: int) -> None:
        for port in range(1, ports):
            drums = port * CHANNELS + _PERCUSSION_CHANNEL
            self._lib.fluid_synth_set_channel_type(self._synth, drums, _DRUM_CHANNEL_TYPE)
            self._lib.fluid_synth_program_change(self._synth, drums, 0)

    def _create_player(self, midi: bytes) -> int:
        player = self._lib.new_fluid_player(self._synth)
        if not player:
            raise SynthesisFailed("the player cannot be created")
        self._lib.fluid_player_add_mem(player, midi, len(midi))
        return int(player)

    def set_note_mode(self, mode: NoteMode) -> None:
        """Set what happens to notes that begin from now on."""
        self._mode = mode
        # Referenced here, because the library does not keep the Python objects alive.
        self._handlers = [self._handler(port) for port in range(len(self._players))]
        for player, handler in zip(self._players, self._handlers, strict=True):
            self._lib.fluid_player_set_playback_callback(player, handler, self._synth)

    def _handler(self, port: int) -> Any:
        if port == 0 and self._mode is NoteMode.PLAY:
            return _EVENT(("fluid_synth_handle_midi_event", self._lib))
        return _EVENT(partial(self._handle, port))

    def set_reverb(self, *, on: bool) -> None:
        """Turn reverb off, or on if the settings have it; it then starts as in a new synthesiser."""
        self._lib.fluid_synth_reverb_on(self._synth, _ALL, on and self._options.reverb > 0)

    def set_chorus(self, *, on: bool) -> None:
        """Turn chorus off, or on if the settings have it; it then starts as in a new synthesiser."""
        self._lib.fluid_synth_chorus_on(self._synth, _ALL, on and self._options.chorus > 0)

    def silence(self) -> None:
        """End all sounding notes."""
        self._lib.fluid_synth_all_sounds_off(self._synth, _ALL)

    def read(self, frames: int, block: int) -> NDArray[np.float32]:
        """Return the next frames, shape (frames, 2), full scale 1. After the end of the file, notes decay to silence.

        They are requested in blocks of `block` frames, a multiple of BLOCK_FRAMES; larger blocks are faster.
        Raises SynthesisFailed when FluidSynth reported an error, because it would continue with silence.
        """
        samples = np.empty((frames, 2), np.float32)
        pointer = samples.ctypes.data_as(POINTER(c_float))
        write = self._lib.fluid_synth_write_float
        for start in range(0, frames, block):
            write(self._synth, min(block, frames - start), pointer, 2 * start, 2, pointer, 2 * start + 1, 2)
        if self._owner.errors:
            raise SynthesisFailed("; ".join(self._owner.errors))
        return samples

    @property
    def voices(self) -> int:
        """Number of sounding voices."""
        return int(self._lib.fluid_synth_get_active_voice_count(self._synth))

    def close(self) -> None:
        """Free the synthesiser, but not the shared SoundFont."""
        for player in self._players:
            self._lib.delete_fluid_player(player)
        self._lib.fluid_synth_remove_sfont(self._synth, self._owner.sfont)
        self._lib.delete_fluid_synth(self._synth)
        self._lib.delete_fluid_settings(self._settings)

    def _handle(self, port: int, synth: int, event: int) -> int:
        kind = self._lib.fluid_midi_event_get_type(event)
        channel = self._lib.fluid_midi_event_get_channel(event) + port * CHANNELS
        if kind == _NOTE_ON and self._mode is not NoteMode.PLAY:
            return self._suppress_note(synth, event, channel)
        control = self._lib.fluid_midi_event_get_control(event) if kind == _CONTROL_CHANGE else None
        self.has_joined_notes = self.has_joined_notes or control in _JOINING_CONTROLLERS
        self._lib.fluid_midi_event_set_channel(event, channel)
        result = int(self._lib.fluid_synth_handle_midi_event(synth, event))
        # The player indexes an array of 16 by the channel afterwards.
        self._lib.fluid_midi_event_set_channel(event, channel % CHANNELS)
        return result

    def _suppress_note(self, synth: int, event: int, channel: int) -> int:
        if self._mode is NoteMode.SKIP:
            return 0
        key = self._lib.fluid_midi_event_get_key(event)
        is_note_on = self._lib.fluid_midi_event_get_velocity(event) > 0
        is_percussion = channel % CHANNELS == _PERCUSSION_CHANNEL
        if self._mode is NoteMode.REPLACE and is_percussion and is_note_on:
            return int(self._lib.fluid_synth_noteon(synth, channel, key, 1))
        return int(self._lib.fluid_synth_noteoff(synth, channel, key))
