"""Audio rendered in advance."""

import asyncio


async def _ready(client, song, headers, formats):
    answer = await client.post(f"/api/v1/audio/{song}/renditions", json={"formats": formats}, headers=headers)
    assert answer.status_code == 202, answer.text
    return {item["format"]: item["ready"] for item in answer.json()["items"]}


async def test_formats_are_rendered_in_advance_and_once(client, add_song, token_issuer, rendered):
    song, headers = await add_song(), token_issuer.headers("alice")
    assert await _ready(client, song, headers, ["flac", "mp3"]) == {"flac": False, "mp3": False}
    async with asyncio.timeout(30):
        # Audio is available shortly before its render is counted.
        while not all((await _ready(client, song, headers, ["flac", "mp3"])).values()) or not rendered():
            await asyncio.sleep(0.05)
    assert rendered() == 1
    played = await client.get(f"/api/v1/audio/{song}.flac", headers=headers | {"Range": "bytes=-100"})
    # The size of a stored rendition is known.
    assert played.headers["content-range"].endswith(
        f"/{int(played.headers['content-range'].split('-')[1].split('/')[0]) + 1}"
    )
    await client.get(f"/api/v1/audio/{song}.mp3", headers=headers)
    assert rendered() == 1


async def test_rendering_in_advance_needs_a_login_and_read_access(client, add_song, token_issuer):
    song = await add_song(public=True)
    url = f"/api/v1/audio/{song}/renditions"
    assert (await client.post(url, json={"formats": ["mp3"]})).status_code == 401
    private = await add_song("alice")
    other = token_issuer.headers("bob")
    hidden = await client.post(f"/api/v1/audio/{private}/renditions", json={"formats": ["mp3"]}, headers=other)
    assert hidden.status_code == 404
    for wrong in ({"formats": []}, {"formats": ["aac"]}, {}, {"formats": ["mp3"], "speed": 2}):
        answer = await client.post(url, json=wrong, headers=other)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"].startswith(("body.formats", "body.speed"))
