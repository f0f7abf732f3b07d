from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AudioFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIO_FORMAT_UNSPECIFIED: _ClassVar[AudioFormat]
    AUDIO_FORMAT_WAV: _ClassVar[AudioFormat]
    AUDIO_FORMAT_MP3: _ClassVar[AudioFormat]
    AUDIO_FORMAT_FLAC: _ClassVar[AudioFormat]
    AUDIO_FORMAT_OPUS: _ClassVar[AudioFormat]
    AUDIO_FORMAT_OGG: _ClassVar[AudioFormat]
AUDIO_FORMAT_UNSPECIFIED: AudioFormat
AUDIO_FORMAT_WAV: AudioFormat
AUDIO_FORMAT_MP3: AudioFormat
AUDIO_FORMAT_FLAC: AudioFormat
AUDIO_FORMAT_OPUS: AudioFormat
AUDIO_FORMAT_OGG: AudioFormat

class RenderRequest(_message.Message):
    __slots__ = ("midi", "midi_key", "format", "title", "artist", "seed", "soundfont", "instruments", "loudness", "sample_rate", "mono", "bit_depth", "bitrate", "vbr", "gain", "reverb", "chorus", "tail", "fade", "trim")
    MIDI_FIELD_NUMBER: _ClassVar[int]
    MIDI_KEY_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ARTIST_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SOUNDFONT_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENTS_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_FIELD_NUMBER: _ClassVar[int]
    MONO_FIELD_NUMBER: _ClassVar[int]
    BIT_DEPTH_FIELD_NUMBER: _ClassVar[int]
    BITRATE_FIELD_NUMBER: _ClassVar[int]
    VBR_FIELD_NUMBER: _ClassVar[int]
    GAIN_FIELD_NUMBER: _ClassVar[int]
    REVERB_FIELD_NUMBER: _ClassVar[int]
    CHORUS_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    FADE_FIELD_NUMBER: _ClassVar[int]
    TRIM_FIELD_NUMBER: _ClassVar[int]
    midi: bytes
    midi_key: str
    format: AudioFormat
    title: str
    artist: str
    seed: int
    soundfont: str
    instruments: _containers.RepeatedScalarFieldContainer[str]
    loudness: float
    sample_rate: int
    mono: bool
    bit_depth: int
    bitrate: int
    vbr: int
    gain: float
    reverb: float
    chorus: float
    tail: float
    fade: float
    trim: bool
    def __init__(self, midi: _Optional[bytes] = ..., midi_key: _Optional[str] = ..., format: _Optional[_Union[AudioFormat, str]] = ..., title: _Optional[str] = ..., artist: _Optional[str] = ..., seed: _Optional[int] = ..., soundfont: _Optional[str] = ..., instruments: _Optional[_Iterable[str]] = ..., loudness: _Optional[float] = ..., sample_rate: _Optional[int] = ..., mono: _Optional[bool] = ..., bit_depth: _Optional[int] = ..., bitrate: _Optional[int] = ..., vbr: _Optional[int] = ..., gain: _Optional[float] = ..., reverb: _Optional[float] = ..., chorus: _Optional[float] = ..., tail: _Optional[float] = ..., fade: _Optional[float] = ..., trim: _Optional[bool] = ...) -> None: ...

class RenderResponse(_message.Message):
    __slots__ = ("info", "data")
    INFO_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    info: RenditionInfo
    data: bytes
    def __init__(self, info: _Optional[_Union[RenditionInfo, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class RenditionInfo(_message.Message):
    __slots__ = ("content_type", "duration_seconds", "size_bytes")
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    content_type: str
    duration_seconds: float
    size_bytes: int
    def __init__(self, content_type: _Optional[str] = ..., duration_seconds: _Optional[float] = ..., size_bytes: _Optional[int] = ...) -> None: ...
