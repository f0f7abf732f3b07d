"""Re-encodes a picture: `python -m euterpe_library.services.picture_process`, untrusted bytes in, WebP out.

The process reads the picture from standard input after it has given up the network, writing and privileges, and with
limits of memory and time, so that a crafted file can damage nothing. Metadata are not copied. For a file that it
refuses, it ends with status 1 and one line on standard error.
"""

import io
import sys
from typing import NoReturn

from euterpe_service_kit.sandbox import (
    ProcessLimits,
    deny_sockets,
    drop_privileges,
    isolate_network,
    restrict_writes,
    set_limits,
)
from PIL import Image, ImageOps

from euterpe_library.domain.profile import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, PICTURE_FORMATS, PICTURE_SIZE

_LIMITS = ProcessLimits(memory_bytes=512 * 1024 * 1024, cpu_seconds=10)


def main() -> None:
    """Read the picture, and write it as a square WebP picture without metadata."""
    Image.init()
    isolate_network()
    drop_privileges()
    deny_sockets()
    restrict_writes([], [])
    set_limits(_LIMITS)
    content = sys.stdin.buffer.read(MAX_PICTURE_BYTES + 1)
    if len(content) > MAX_PICTURE_BYTES:
        _refuse(f"must have at most {MAX_PICTURE_BYTES} bytes")
    try:
        sys.stdout.buffer.write(encoded(content))
    except Exception:  # noqa: BLE001 - Pillow raises errors of many kinds for damaged files
        _refuse("cannot be read: it is damaged, or not a PNG, JPEG or WebP picture")


def encoded(content: bytes) -> bytes:
    """Return the middle of a picture as a square of PICTURE_SIZE."""
    with Image.open(io.BytesIO(content), formats=list(PICTURE_FORMATS.values())) as opened:
        if opened.width * opened.height > MAX_PICTURE_PIXELS:
            _refuse(f"must have at most {MAX_PICTURE_PIXELS} pixels, got {opened.width * opened.height}")
        # JPEG is decoded at a fraction of its size, and other modes are converted only where resizing needs it.
        opened.draft("RGB", (2 * PICTURE_SIZE, 2 * PICTURE_SIZE))
        upright = ImageOps.exif_transpose(opened)
        resizable = upright if upright.mode in ("RGB", "RGBA", "L") else upright.convert("RGBA")
        square = ImageOps.fit(resizable, (PICTURE_SIZE, PICTURE_SIZE), Image.Resampling.LANCZOS).convert("RGBA")
    # A transparent picture would look different on light and dark pages.
    flat = Image.new("RGB", square.size, "white")
    flat.paste(square, mask=square.getchannel("A"))
    written = io.BytesIO()
    flat.save(written, "WEBP", quality=85)
    return written.getvalue()


def _refuse(reason: str) -> NoReturn:
    print(reason, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
