import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Visibility(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VISIBILITY_UNSPECIFIED: _ClassVar[Visibility]
    VISIBILITY_PRIVATE: _ClassVar[Visibility]
    VISIBILITY_UNLISTED: _ClassVar[Visibility]
    VISIBILITY_PUBLIC: _ClassVar[Visibility]
VISIBILITY_UNSPECIFIED: Visibility
VISIBILITY_PRIVATE: Visibility
VISIBILITY_UNLISTED: Visibility
VISIBILITY_PUBLIC: Visibility

class ClaimDigestRequest(_message.Message):
    __slots__ = ("site_url",)
    SITE_URL_FIELD_NUMBER: _ClassVar[int]
    site_url: str
    def __init__(self, site_url: _Optional[str] = ...) -> None: ...

class ClaimDigestResponse(_message.Message):
    __slots__ = ("digest",)
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    digest: Digest
    def __init__(self, digest: _Optional[_Union[Digest, _Mapping]] = ...) -> None: ...

class Digest(_message.Message):
    __slots__ = ("user_id", "message_id", "subject", "text", "notification_ids")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATION_IDS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    message_id: str
    subject: str
    text: str
    notification_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, user_id: _Optional[str] = ..., message_id: _Optional[str] = ..., subject: _Optional[str] = ..., text: _Optional[str] = ..., notification_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ConfirmDigestRequest(_message.Message):
    __slots__ = ("user_id", "notification_ids")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NOTIFICATION_IDS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    notification_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, user_id: _Optional[str] = ..., notification_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ConfirmDigestResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StopDigestRequest(_message.Message):
    __slots__ = ("user_id",)
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    def __init__(self, user_id: _Optional[str] = ...) -> None: ...

class StopDigestResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStorageUsageRequest(_message.Message):
    __slots__ = ("listener_id", "guest")
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    GUEST_FIELD_NUMBER: _ClassVar[int]
    listener_id: str
    guest: bool
    def __init__(self, listener_id: _Optional[str] = ..., guest: _Optional[bool] = ...) -> None: ...

class GetStorageUsageResponse(_message.Message):
    __slots__ = ("songs", "size_bytes", "max_songs", "max_size_bytes")
    SONGS_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_SONGS_FIELD_NUMBER: _ClassVar[int]
    MAX_SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    songs: int
    size_bytes: int
    max_songs: int
    max_size_bytes: int
    def __init__(self, songs: _Optional[int] = ..., size_bytes: _Optional[int] = ..., max_songs: _Optional[int] = ..., max_size_bytes: _Optional[int] = ...) -> None: ...

class RemoveUnusedArtifactsRequest(_message.Message):
    __slots__ = ("keys", "modified_before")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedScalarFieldContainer[str]
    modified_before: _timestamp_pb2.Timestamp
    def __init__(self, keys: _Optional[_Iterable[str]] = ..., modified_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RemoveUnusedArtifactsResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, removed: _Optional[_Iterable[str]] = ...) -> None: ...

class RegisterSongsRequest(_message.Message):
    __slots__ = ("songs",)
    SONGS_FIELD_NUMBER: _ClassVar[int]
    songs: _containers.RepeatedCompositeFieldContainer[RegisterSongRequest]
    def __init__(self, songs: _Optional[_Iterable[_Union[RegisterSongRequest, _Mapping]]] = ...) -> None: ...

class RegisterSongsResponse(_message.Message):
    __slots__ = ("songs",)
    SONGS_FIELD_NUMBER: _ClassVar[int]
    songs: _containers.RepeatedCompositeFieldContainer[RegisteredSong]
    def __init__(self, songs: _Optional[_Iterable[_Union[RegisteredSong, _Mapping]]] = ...) -> None: ...

class RegisteredSong(_message.Message):
    __slots__ = ("song_id", "created", "refusal", "retry")
    SONG_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    song_id: str
    created: bool
    refusal: str
    retry: bool
    def __init__(self, song_id: _Optional[str] = ..., created: _Optional[bool] = ..., refusal: _Optional[str] = ..., retry: _Optional[bool] = ...) -> None: ...

class RegisterSongRequest(_message.Message):
    __slots__ = ("source_id", "owner_id", "author", "title", "midi", "creation", "duration_seconds", "note_count", "measures", "tags", "key", "tempo_bpm", "programs", "style", "visibility", "remix_of", "meter", "title_language", "composing_seconds")
    class MeasuresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    MIDI_FIELD_NUMBER: _ClassVar[int]
    CREATION_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    NOTE_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEASURES_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEMPO_BPM_FIELD_NUMBER: _ClassVar[int]
    PROGRAMS_FIELD_NUMBER: _ClassVar[int]
    STYLE_FIELD_NUMBER: _ClassVar[int]
    VISIBILITY_FIELD_NUMBER: _ClassVar[int]
    REMIX_OF_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    TITLE_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    COMPOSING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    source_id: str
    owner_id: str
    author: str
    title: str
    midi: MidiArtifact
    creation: Creation
    duration_seconds: float
    note_count: int
    measures: _containers.ScalarMap[str, float]
    tags: _containers.RepeatedScalarFieldContainer[str]
    key: str
    tempo_bpm: float
    programs: _containers.RepeatedScalarFieldContainer[int]
    style: str
    visibility: Visibility
    remix_of: str
    meter: str
    title_language: str
    composing_seconds: float
    def __init__(self, source_id: _Optional[str] = ..., owner_id: _Optional[str] = ..., author: _Optional[str] = ..., title: _Optional[str] = ..., midi: _Optional[_Union[MidiArtifact, _Mapping]] = ..., creation: _Optional[_Union[Creation, _Mapping]] = ..., duration_seconds: _Optional[float] = ..., note_count: _Optional[int] = ..., measures: _Optional[_Mapping[str, float]] = ..., tags: _Optional[_Iterable[str]] = ..., key: _Optional[str] = ..., tempo_bpm: _Optional[float] = ..., programs: _Optional[_Iterable[int]] = ..., style: _Optional[str] = ..., visibility: _Optional[_Union[Visibility, str]] = ..., remix_of: _Optional[str] = ..., meter: _Optional[str] = ..., title_language: _Optional[str] = ..., composing_seconds: _Optional[float] = ...) -> None: ...

class MidiArtifact(_message.Message):
    __slots__ = ("key", "sha256", "size_bytes")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    key: str
    sha256: str
    size_bytes: int
    def __init__(self, key: _Optional[str] = ..., sha256: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class Creation(_message.Message):
    __slots__ = ("model", "model_version", "seed", "parameters")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    model: str
    model_version: str
    seed: int
    parameters: _struct_pb2.Struct
    def __init__(self, model: _Optional[str] = ..., model_version: _Optional[str] = ..., seed: _Optional[int] = ..., parameters: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class ResolveArtifactRequest(_message.Message):
    __slots__ = ("song_id", "listener_id", "share_token")
    SONG_ID_FIELD_NUMBER: _ClassVar[int]
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    SHARE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    song_id: str
    listener_id: str
    share_token: str
    def __init__(self, song_id: _Optional[str] = ..., listener_id: _Optional[str] = ..., share_token: _Optional[str] = ...) -> None: ...

class ResolveArtifactResponse(_message.Message):
    __slots__ = ("midi", "title", "author", "duration_seconds", "download_allowed", "seed", "creation")
    MIDI_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    DOWNLOAD_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CREATION_FIELD_NUMBER: _ClassVar[int]
    midi: MidiArtifact
    title: str
    author: str
    duration_seconds: float
    download_allowed: bool
    seed: int
    creation: Creation
    def __init__(self, midi: _Optional[_Union[MidiArtifact, _Mapping]] = ..., title: _Optional[str] = ..., author: _Optional[str] = ..., duration_seconds: _Optional[float] = ..., download_allowed: _Optional[bool] = ..., seed: _Optional[int] = ..., creation: _Optional[_Union[Creation, _Mapping]] = ...) -> None: ...

class TransferSongsRequest(_message.Message):
    __slots__ = ("from_listener_id", "to_listener_id", "author")
    FROM_LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    TO_LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    from_listener_id: str
    to_listener_id: str
    author: str
    def __init__(self, from_listener_id: _Optional[str] = ..., to_listener_id: _Optional[str] = ..., author: _Optional[str] = ...) -> None: ...

class TransferSongsResponse(_message.Message):
    __slots__ = ("songs",)
    SONGS_FIELD_NUMBER: _ClassVar[int]
    songs: int
    def __init__(self, songs: _Optional[int] = ...) -> None: ...

class DeleteListenerRequest(_message.Message):
    __slots__ = ("listener_id",)
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    listener_id: str
    def __init__(self, listener_id: _Optional[str] = ...) -> None: ...

class DeleteListenerResponse(_message.Message):
    __slots__ = ("done", "songs")
    DONE_FIELD_NUMBER: _ClassVar[int]
    SONGS_FIELD_NUMBER: _ClassVar[int]
    done: bool
    songs: int
    def __init__(self, done: _Optional[bool] = ..., songs: _Optional[int] = ...) -> None: ...
