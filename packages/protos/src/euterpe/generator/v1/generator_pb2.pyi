from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

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
