"""Vorbis comments: the tags of FLAC and Opus (xiph.org/vorbis/doc/v-comment.html)."""

import struct

from euterpe_converter.domain.audio import SOFTWARE, Tags


def comments(tags: Tags) -> bytes:
    """Return vendor and fields, without a framing bit."""
    fields = [f"{name}={text}".encode() for name, text in tags.fields()]
    vendor = SOFTWARE.encode()
    parts = [struct.pack("<I", len(vendor)), vendor, struct.pack("<I", len(fields))]
    for field in fields:
        parts += [struct.pack("<I", len(field)), field]
    return b"".join(parts)
