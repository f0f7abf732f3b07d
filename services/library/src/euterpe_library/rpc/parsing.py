"""Conversion of protobuf messages to the domain, with errors that name every invalid field."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from euterpe.library.v1 import library_pb2 as pb
from euterpe_music.default_titles import Language
from euterpe_music.seed import MAX_SEED
from euterpe_service_kit.errors import FieldProblem, Unprocessable
from euterpe_service_kit.midi_artifacts import digest_of_midi_key
from google.protobuf.json_format import MessageToDict
from pydantic import TypeAdapter, ValidationError

from euterpe_library.domain.details import Visibility
from euterpe_library.domain.digest import MAX_NOTIFICATIONS
from euterpe_library.domain.song import Identifier, NewSong, Transfer
from euterpe_library.domain.titles import normalised_title

#: Nested field paths of the contract, by the domain's flat names.
_PATHS = {
    "midi_key": "midi.key",
    "midi_sha256": "midi.sha256",
    "midi_size_bytes": "midi.size_bytes",
    "model": "creation.model",
    "model_version": "creation.model_version",
    "seed": "creation.seed",
    "parameters": "creation.parameters",
}
_VISIBILITIES = {
    pb.VISIBILITY_UNSPECIFIED: Visibility.PRIVATE,
    pb.VISIBILITY_PRIVATE: Visibility.PRIVATE,
    pb.VISIBILITY_UNLISTED: Visibility.UNLISTED,
    pb.VISIBILITY_PUBLIC: Visibility.PUBLIC,
}
_LANGUAGES: Final[dict[str, Language]] = {"en": "en", "es": "es"}
_USER_ID = TypeAdapter[str](Identifier)


def new_song(request: pb.RegisterSongRequest) -> NewSong:
    """Convert a request; the title is normalised. Raises Unprocessable naming every invalid field by its path."""
    creation = request.creation
    try:
        return NewSong(
            source_id=request.source_id,
            owner_id=request.owner_id,
            author=request.author,
            title=normalised_title(request.title),
            midi_key=request.midi.key,
            midi_sha256=request.midi.sha256,
            midi_size_bytes=request.midi.size_bytes,
            model=creation.model,
            model_version=creation.model_version,
            seed=creation.seed,
            parameters=_parameters(creation),
            duration_seconds=request.duration_seconds,
            note_count=request.note_count,
            measures=dict(request.measures),
            tags=list(request.tags),
            programs=list(request.programs),
            # A newer peer may send a language that this version does not know.
            title_language=_LANGUAGES.get(request.title_language),
            # A newer peer may send a visibility that this version does not know.
            visibility=_VISIBILITIES.get(request.visibility, Visibility.PRIVATE),
            **{name: getattr(request, name) for name in _OPTIONAL if request.HasField(name)},
        )
    except ValidationError as error:
        raise _refusal(error) from None


_OPTIONAL: tuple[Literal["key", "meter", "tempo_bpm", "style", "remix_of", "composing_seconds"], ...] = (
    "key",
    "meter",
    "tempo_bpm",
    "style",
    "remix_of",
    "composing_seconds",
)


def transfer(request: pb.TransferSongsRequest) -> Transfer:
    """Convert a request. Raises Unprocessable naming every invalid field."""
    try:
        return Transfer(
            from_listener_id=request.from_listener_id, to_listener_id=request.to_listener_id, author=request.author
        )
    except ValidationError as error:
        raise _refusal(error) from None


def user_id(text: str, *, field: str = "listener_id") -> str:
    """Check a user's id. Raises Unprocessable naming the field of the request."""
    try:
        return _USER_ID.validate_python(text)
    except ValidationError as error:
        problem = FieldProblem(field, error.errors()[0]["msg"])
        raise Unprocessable(f"{field}: {problem.message}", fields=[problem]) from None


def midi_key(text: str) -> str:
    """Check the key of a MIDI file. Raises Unprocessable."""
    try:
        digest_of_midi_key(text)
    except ValueError as error:
        problem = FieldProblem("keys", str(error))
        raise Unprocessable(f"keys: {problem.message}", fields=[problem]) from None
    return text


def modified_before(request: pb.RemoveUnusedArtifactsRequest) -> datetime | None:
    """Return the time before which objects were stored; earlier peers send none. Raises Unprocessable."""
    if not request.HasField("modified_before"):
        return None
    try:
        return request.modified_before.ToDatetime(UTC)
    except ValueError as error:
        problem = FieldProblem("modified_before", str(error))
        raise Unprocessable(f"modified_before: {problem.message}", fields=[problem]) from None


def song_id(text: str) -> uuid.UUID:
    """Parse a song's id. Raises Unprocessable."""
    try:
        return uuid.UUID(text)
    except ValueError:
        problem = FieldProblem("song_id", "Must be a UUID")
        raise Unprocessable("song_id: Must be a UUID", fields=[problem]) from None


def notification_ids(texts: Sequence[str]) -> list[uuid.UUID]:
    """Parse the ids of a digest's notifications. Raises Unprocessable."""
    if len(texts) > MAX_NOTIFICATIONS:
        raise Unprocessable(f"notification_ids: at most {MAX_NOTIFICATIONS} ids are allowed, got {len(texts)}")
    try:
        return [uuid.UUID(text) for text in texts]
    except ValueError:
        problem = FieldProblem("notification_ids", "Must be UUIDs")
        raise Unprocessable("notification_ids: Must be UUIDs", fields=[problem]) from None


def _refusal(error: ValidationError) -> Unprocessable:
    fields = [_field(item) for item in error.errors(include_url=False, include_input=False)]
    return Unprocessable("; ".join(f"{field.field}: {field.message}" for field in fields), fields=fields)


def _parameters(creation: pb.Creation) -> Any:
    try:
        return _with_integers(MessageToDict(creation.parameters))
    except ValueError:
        # A Struct can hold NaN and infinity, JSON cannot.
        problem = FieldProblem("creation.parameters", "Every number must be finite")
        raise Unprocessable("creation.parameters: Every number must be finite", fields=[problem]) from None


def _with_integers(value: Any) -> Any:
    # A Struct holds doubles only; a length of 100.0 would not be accepted where 100 was given.
    if isinstance(value, dict):
        return {name: _with_integers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_integers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_SEED:
        return int(value)
    return value


def _field(item: Any) -> FieldProblem:
    location = [str(part) for part in item["loc"]]
    path = ".".join([_PATHS.get(location[0], location[0]), *location[1:]]) if location else "midi.key"
    limits = {key: value for key, value in item.get("ctx", {}).items() if isinstance(value, int | float | str)}
    return FieldProblem(path, item["msg"], limits)
