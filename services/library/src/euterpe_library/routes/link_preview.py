"""What a link shows of its song where no script runs: previews in chats and on other sites (https://ogp.me)."""

import html
from typing import Annotated
from urllib.parse import quote

from fastapi import Query

from euterpe_library.domain.song import Song

#: Where the reader found the pages; it comes from the request's headers, so that nothing else may stand in it.
Origin = Annotated[
    str, Query(pattern=r"^https?://([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?$", max_length=300)
]
#: Of the converter's cards.
_WIDTH, _HEIGHT = 1200, 630


def head_of(song: Song, token: str, origin: str) -> str:
    """The `meta` elements of a link's page, one below the other; addresses are absolute, as crawlers demand.

    The gateway puts them into its template, which is why braces are escaped as well as what HTML itself knows.
    """
    address = f"{origin}/s/{quote(token, safe='')}"
    query = f"share={quote(token, safe='')}"
    words = " · ".join(filter(None, (song.author, _length(song.duration_seconds), song.key)))
    tags = {
        "og:type": "music.song",
        "og:site_name": "Euterpe",
        "og:title": song.title,
        "og:description": words,
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
    # Whoever was given a link may pass it on; a search engine has no business with it.
    return "\n".join(['<meta name="robots" content="noindex" />', *lines])


def _escaped(value: str) -> str:
    return html.escape(value).replace("{", "&#123;").replace("}", "&#125;")


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
