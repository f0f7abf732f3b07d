"""The object store, on a real S3."""

import socket
import tempfile

import pytest
from euterpe_service_kit.errors import Unavailable
from euterpe_service_kit.object_put import Put
from euterpe_service_kit.object_store import ObjectNotFound, ObjectStore
from euterpe_service_kit.settings import ObjectStoreSettings
from pydantic import SecretStr

DATA = bytes(range(256)) * 4000


async def _read(store: ObjectStore, key: str, first: int, last: int) -> list[bytes]:
    return [chunk async for chunk in store.stream(key, first=first, last=last)]


async def test_object_is_written_and_read(object_store: ObjectStore) -> None:
    await object_store.put("audio/one.mp3", DATA, content_type="audio/mpeg")
    assert await object_store.get("audio/one.mp3") == DATA
    info = await object_store.head("audio/one.mp3")
    assert info is not None
    assert (info.size_bytes, info.content_type) == (len(DATA), "audio/mpeg")
    await object_store.put("audio/one.mp3", DATA, content_type="audio/mpeg")
    assert await object_store.get("audio/one.mp3") == DATA


async def test_object_is_written_from_a_file(object_store: ObjectStore) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(DATA)
        file.seek(0)
        await object_store.put("audio/file.wav", file, content_type="audio/wav")
    assert await object_store.get("audio/file.wav") == DATA


async def test_concurrent_writes_of_many_objects(object_store: ObjectStore) -> None:
    """More objects than connections, of different sizes."""
    objects = [Put(f"many/{number}.mid", DATA[: number**2 * 50], "audio/midi") for number in range(70)]
    assert await object_store.put_all(objects) == [None] * len(objects)
    for one in objects:
        assert await object_store.get(one.key) == one.data


async def test_closed_connections_are_replaced(object_store: ObjectStore) -> None:
    """All idle connections were closed by the store before the next write."""
    objects = [Put(f"dead/{number}.mid", b"MThd", "audio/midi") for number in range(5)]
    assert await object_store.put_all(objects) == [None] * 5
    kept = object_store._fast_put._kept
    assert len(kept) >= 5
    for connection in kept:
        connection._socket.shutdown(socket.SHUT_RDWR)
    again = [Put(f"alive/{number}.mid", b"MThd", "audio/midi") for number in range(5)]
    assert await object_store.put_all(again) == [None] * 5
    assert await object_store.get("alive/4.mid") == b"MThd"


async def test_failed_writes_are_reported_per_object(object_store: ObjectStore) -> None:
    too_long = "x" * 2000
    outcomes = await object_store.put_all(
        [Put("one.mid", b"1", "audio/midi"), Put(too_long, b"2", "audio/midi"), Put("three.mid", b"3", "audio/midi")]
    )
    assert (outcomes[0], outcomes[2]) == (None, None)
    assert isinstance(outcomes[1], Unavailable)
    assert await object_store.get("three.mid") == b"3"


async def test_line_break_in_a_header_is_refused(object_store: ObjectStore) -> None:
    with pytest.raises(ValueError, match="more than one line"):
        await object_store.put("a.mid", b"x", content_type="audio/midi", metadata={"title": "a\r\nx-amz-acl: public"})


async def test_stream_yields_chunks(object_store: ObjectStore) -> None:
    await object_store.put("stream", DATA, content_type="audio/mpeg")
    chunks = await _read(object_store, "stream", 0, len(DATA) - 1)
    assert len(chunks) > 1
    assert b"".join(chunks) == DATA
    assert b"".join(await _read(object_store, "stream", 1000, 1009)) == DATA[1000:1010]


async def test_abandoned_streams_release_their_connections(object_store: ObjectStore) -> None:
    """More streams than connections."""
    await object_store.put("left", DATA, content_type="audio/mpeg")
    for _ in range(40):
        stream = object_store.stream("left", first=0, last=len(DATA) - 1)
        await anext(stream)
        await stream.aclose()
    assert await object_store.get("left") == DATA


async def test_missing_object(object_store: ObjectStore) -> None:
    assert await object_store.head("missing") is None
    for read in (object_store.get("missing"), _read(object_store, "missing", 0, 9)):
        with pytest.raises(ObjectNotFound):
            await read
    await object_store.delete("missing")


async def test_delete(object_store: ObjectStore) -> None:
    await object_store.put("gone", b"x", content_type="text/plain")
    await object_store.delete("gone")
    assert await object_store.head("gone") is None


async def test_unreachable_or_refusing_store_is_unavailable(object_store_settings: ObjectStoreSettings) -> None:
    away = object_store_settings.model_copy(update={"endpoint_url": "http://127.0.0.1:9"})
    stranger = object_store_settings.model_copy(update={"access_key_id": "stranger"})
    for settings in (away, stranger):
        store = ObjectStore(settings)
        for call in (store.put("x", b"", content_type="text/plain"), store.get("x"), store.head("x"), store.ping("x")):
            with pytest.raises(Unavailable):
                await call
        store.close()


async def test_ping(object_store: ObjectStore) -> None:
    await object_store.ping("midi/")


async def test_multipart_upload_is_visible_once_complete(object_store: ObjectStore) -> None:
    first, rest = bytes(5 * 1024 * 1024), DATA
    upload = await object_store.begin_parts("parts/whole", content_type="audio/wav", metadata={"frames": "7"})
    tags = [await object_store.put_part("parts/whole", upload, 1, first)]
    tags.append(await object_store.put_part("parts/whole", upload, 2, rest))
    assert await object_store.head("parts/whole") is None
    await object_store.complete_parts("parts/whole", upload, tags)
    info = await object_store.head("parts/whole")
    assert info is not None
    assert (info.size_bytes, info.metadata) == (len(first) + len(rest), {"frames": "7"})
    assert await object_store.get("parts/whole") == first + rest
    assert [(entry.key, entry.size_bytes) for entry in await object_store.entries("parts/")] == [
        ("parts/whole", len(first) + len(rest))
    ]


async def test_aborted_multipart_upload_leaves_nothing(object_store: ObjectStore) -> None:
    upload = await object_store.begin_parts("aborted/one", content_type="audio/wav")
    await object_store.put_part("aborted/one", upload, 1, DATA)
    assert [(found.key, found.upload_id) for found in await object_store.open_uploads("aborted/")] == [
        ("aborted/one", upload)
    ]
    await object_store.abort_parts("aborted/one", upload)
    await object_store.abort_parts("aborted/one", upload)
    assert await object_store.open_uploads("aborted/") == []
    assert await object_store.head("aborted/one") is None


async def test_metadata_and_unusual_keys_are_kept(object_store: ObjectStore) -> None:
    key = "odd/a b+c&ü%41~.mid"
    await object_store.put(key, b"x", content_type="audio/midi", metadata={"title": "Dawn"})
    info = await object_store.head(key)
    assert info is not None
    assert (info.content_type, info.metadata) == ("audio/midi", {"title": "Dawn"})


async def test_refused_write_reports_the_reason(object_store_settings: ObjectStoreSettings) -> None:
    wrong = object_store_settings.model_copy(update={"secret_access_key": SecretStr("wrong")})
    store = ObjectStore(wrong)
    with pytest.raises(Unavailable, match="SignatureDoesNotMatch"):
        await store.put("midi/x.mid", b"x", content_type="audio/midi")
    store.close()
