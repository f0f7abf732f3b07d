"""Songs as piano rolls: content and access."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from euterpe_music.midi import Piece, Track, write_midi
from euterpe_music.piece import make_notes
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def two_notes() -> bytes:
    """One low quiet note in the first half of ten seconds, one high loud note in the second."""
    notes = make_notes(np.array([0, 4800]), np.array([4800, 4800]), np.array([50, 70]), np.array([30, 120]))
    return write_midi(Piece(480, notes, (Track(0),)))


def _pixels(answer, colour: tuple[int, int, int]):
    image = Image.open(io.BytesIO(answer.content)).convert("RGB")
    return image, np.argwhere((np.asarray(image) == colour).all(axis=2))


async def test_a_png_shows_the_notes_at_their_times_and_pitches(client, add_song, two_notes, token_issuer):
    song, headers = await add_song(midi=two_notes), token_issuer.headers("alice")
    answer = await client.get(f"/api/v1/pianorolls/{song}.png?width=800&height=300", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    image, loud = _pixels(answer, (0x3B, 0x5B, 0xDB))
    assert image.size == (800, 300)
    assert image.getpixel((799, 0)) == (255, 255, 255)
    # The loud note has the full colour: in the second half, above the quiet one.
    assert 400 < loud[:, 1].min() < 440
    assert loud[:, 1].max() > 780
    assert loud[:, 0].max() < 150
    dark = await client.get(f"/api/v1/pianorolls/{song}.png?width=800&height=300&theme=dark", headers=headers)
    assert _pixels(dark, (0x8A, 0xA4, 0xFF))[0].getpixel((799, 0)) == (0x14, 0x16, 0x1B)


async def test_an_svg_shows_the_notes_and_follows_the_viewers_theme(client, add_song, two_notes, token_issuer):
    song, headers = await add_song(title="Rock & <Roll>", midi=two_notes), token_issuer.headers("alice")
    answer = await client.get(f"/api/v1/pianorolls/{song}.svg", headers=headers)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "script" not in answer.headers["content-security-policy"]
    root = ET.fromstring(answer.content)
    assert root.findtext(f"{SVG}title") == "Piano roll of Rock & <Roll>"
    assert "prefers-color-scheme:dark" in (root.findtext(f"{SVG}style") or "")
    quiet, loud = [group[0] for group in root.iter(f"{SVG}g")]
    assert float(quiet.get("x")) + float(quiet.get("width")) <= float(loud.get("x"))
    assert float(quiet.get("y")) > float(loud.get("y"))
    fixed = await client.get(f"/api/v1/pianorolls/{song}.svg?theme=dark", headers=headers)
    assert "prefers-color-scheme" not in fixed.text


async def test_the_card_is_available_with_a_share_link(client, add_song, two_notes, library):
    song = await add_song(title="Étude", midi=two_notes)
    library.double.shares["card-token"] = (song, False)
    for kind in ("png", "svg"):
        assert (await client.get(f"/api/v1/pianorolls/{song}.{kind}?card=true")).status_code == 404
    answer = await client.get(f"/api/v1/pianorolls/{song}.png?card=true&share=card-token")
    assert answer.headers["cache-control"] == "no-store"
    image, title = _pixels(answer, (0x1B, 0x1F, 0x27))
    assert image.size == (1200, 630)
    assert len(title) > 200, "the title is written"
    drawn = await client.get(f"/api/v1/pianorolls/{song}.svg?card=true&share=card-token")
    assert "Étude" in re.findall(r"<text[^>]*>([^<]*)</text>", drawn.text)


async def test_if_none_match_with_the_current_tag_is_304(client, add_song, two_notes, token_issuer):
    song, headers = await add_song(midi=two_notes), token_issuer.headers("alice")
    url = f"/api/v1/pianorolls/{song}.svg"
    first = await client.get(url, headers=headers)
    again = await client.get(url, headers=headers | {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get(url + "?width=900", headers=headers | {"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert (await client.head(url, headers=headers)).headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("query", ["width=100", "height=9999", "theme=pink", "colour=red", "width=x"])
async def test_an_invalid_option_is_named(client, add_song, token_issuer, query):
    song = await add_song()
    answer = await client.get(f"/api/v1/pianorolls/{song}.png?{query}", headers=token_issuer.headers("alice"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == f"query.{query.split('=')[0]}"


async def test_songs_of_other_users_look_like_missing_ones(client, add_song, token_issuer):
    song, headers = await add_song(), token_issuer.headers("bob")
    assert (await client.get(f"/api/v1/pianorolls/{song}.png", headers=headers)).status_code == 404
    assert (await client.get(f"/api/v1/pianorolls/{song}.gif", headers=headers)).status_code == 422


async def test_a_piece_with_many_notes_gives_a_small_picture(client, add_song, make_midi, token_issuer):
    song, headers = await add_song(midi=make_midi(600, 80)), token_issuer.headers("alice")
    for kind in ("svg", "png"):
        answer = await client.get(f"/api/v1/pianorolls/{song}.{kind}", headers=headers)
        assert answer.status_code == 200
        assert len(answer.content) < 2_000_000
