"""Link previews of shared songs, for clients that run no scripts (https://ogp.me)."""

import html
from typing import Annotated
from urllib.parse import quote

from fastapi import Query

from euterpe_library.domain.song import Song

#: Origin of the pages, from the request's headers, so restricted to a scheme, a host and a port.
Origin = Annotated[
    str, Query(pattern=r"^https?://([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?$", max_length=300)
]
#: Size of the converter's cards.
_WIDTH, _HEIGHT = 1200, 630


def preview_tags(song: Song, token: str, origin: str) -> str:
    """Return the `meta` elements of a share link's page, with absolute URLs.

    The gateway inserts them into a template, so braces are escaped as well as HTML's special characters.
    """
    address = f"{origin}/s/{quote(token, safe='')}"
    query = f"share={quote(token, safe='')}"
    description = " · ".join(filter(None, (song.author, _duration(song.duration_seconds), song.key)))
    tags = {
        "og:type": "music.song",
        "og:site_name": "Euterpe",
        "og:title": song.title,
        "og:description": description,
        "og:url": address,
        "og:image": f"{origin}/api/v1/pianorolls/{song.id}.png?card=true&{query}",
        "og:image:type": "image/png",
        "og:image:width": str(_WIDTH),
        "og:image:height": str(_HEIGHT),
        "og:image:alt": song.title,
        "og:audio": f"{origin}/api/v1/audio/{song.id}.mp3?{query}",
        "og:audio:type": "audio/mpeg",
        "twitter:card": "summary_large_image",
    }
    lines = [f'<meta property="{name}" content="{_escaped(value)}" />' for name, value in tags.items()]
    # Share links must not be indexed by search engines.
    return "\n".join(['<meta name="robots" content="noindex" />', *lines])


def _escaped(value: str) -> str:
    return html.escape(value).replace("{", "&#123;").replace("}", "&#125;")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
