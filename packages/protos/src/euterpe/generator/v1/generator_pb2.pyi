from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerationStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GENERATION_STATUS_UNSPECIFIED: _ClassVar[GenerationStatus]
    GENERATION_STATUS_QUEUED: _ClassVar[GenerationStatus]
    GENERATION_STATUS_RUNNING: _ClassVar[GenerationStatus]
    GENERATION_STATUS_SUCCEEDED: _ClassVar[GenerationStatus]
    GENERATION_STATUS_FAILED: _ClassVar[GenerationStatus]
    GENERATION_STATUS_CANCELLED: _ClassVar[GenerationStatus]
GENERATION_STATUS_UNSPECIFIED: GenerationStatus
GENERATION_STATUS_QUEUED: GenerationStatus
GENERATION_STATUS_RUNNING: GenerationStatus
GENERATION_STATUS_SUCCEEDED: GenerationStatus
GENERATION_STATUS_FAILED: GenerationStatus
GENERATION_STATUS_CANCELLED: GenerationStatus

class GenerateRequest(_message.Message):
    __slots__ = ("model", "seed", "length", "title", "listener_id", "listener_name", "background", "parameters", "prompt")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    LISTENER_NAME_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    model: str
    seed: int
    length: int
    title: str
    listener_id: str
    listener_name: str
    background: bool
    parameters: _struct_pb2.Struct
    prompt: Prompt
    def __init__(self, model: _Optional[str] = ..., seed: _Optional[int] = ..., length: _Optional[int] = ..., title: _Optional[str] = ..., listener_id: _Optional[str] = ..., listener_name: _Optional[str] = ..., background: _Optional[bool] = ..., parameters: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., prompt: _Optional[_Union[Prompt, _Mapping]] = ...) -> None: ...

class Prompt(_message.Message):
    __slots__ = ("midi", "song_id", "bars")
    MIDI_FIELD_NUMBER: _ClassVar[int]
    SONG_ID_FIELD_NUMBER: _ClassVar[int]
    BARS_FIELD_NUMBER: _ClassVar[int]
    midi: bytes
    song_id: str
    bars: int
    def __init__(self, midi: _Optional[bytes] = ..., song_id: _Optional[str] = ..., bars: _Optional[int] = ...) -> None: ...

class GenerateResponse(_message.Message):
    __slots__ = ("generation_id", "status", "progress", "midi_key", "song_id", "failure")
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    MIDI_KEY_FIELD_NUMBER: _ClassVar[int]
    SONG_ID_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    generation_id: str
    status: GenerationStatus
    progress: float
    midi_key: str
    song_id: str
    failure: str
    def __init__(self, generation_id: _Optional[str] = ..., status: _Optional[_Union[GenerationStatus, str]] = ..., progress: _Optional[float] = ..., midi_key: _Optional[str] = ..., song_id: _Optional[str] = ..., failure: _Optional[str] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[Model]
    def __init__(self, models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("name", "version", "kind", "description", "parameters")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    kind: str
    description: str
    parameters: _struct_pb2.Struct
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., kind: _Optional[str] = ..., description: _Optional[str] = ..., parameters: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class TransferGenerationsRequest(_message.Message):
    __slots__ = ("from_listener_id", "to_listener_id", "to_listener_name")
    FROM_LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    TO_LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    TO_LISTENER_NAME_FIELD_NUMBER: _ClassVar[int]
    from_listener_id: str
    to_listener_id: str
    to_listener_name: str
    def __init__(self, from_listener_id: _Optional[str] = ..., to_listener_id: _Optional[str] = ..., to_listener_name: _Optional[str] = ...) -> None: ...

class TransferGenerationsResponse(_message.Message):
    __slots__ = ("done", "generations")
    DONE_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    done: bool
    generations: int
    def __init__(self, done: _Optional[bool] = ..., generations: _Optional[int] = ...) -> None: ...

class DeleteListenerRequest(_message.Message):
    __slots__ = ("listener_id",)
    LISTENER_ID_FIELD_NUMBER: _ClassVar[int]
    listener_id: str
    def __init__(self, listener_id: _Optional[str] = ...) -> None: ...

class DeleteListenerResponse(_message.Message):
    __slots__ = ("done", "generations")
    DONE_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    done: bool
    generations: int
    def __init__(self, done: _Optional[bool] = ..., generations: _Optional[int] = ...) -> None: ...
