"""idx files like MNIST's, written from images in memory, and a file server."""

import gzip
import http.server
import struct
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from euterpe_training.balancing.images import ImageSet

WriteIdx = Callable[..., None]


def _write(directory: Path, images: ImageSet, part: str, squeeze: bool = False) -> None:
    pixels = images.images[..., 0]
    content = struct.pack(">4B3I", 0, 0, 8, 3, *pixels.shape) + pixels.tobytes()
    labels = struct.pack(">4BI", 0, 0, 8, 1, len(images)) + images.labels.astype(np.uint8).tobytes()
    end, pack = (".gz", gzip.compress) if squeeze else ("", bytes)
    (directory / f"{part}-images-idx3-ubyte{end}").write_bytes(pack(content))
    (directory / f"{part}-labels-idx1-ubyte{end}").write_bytes(pack(labels))


@pytest.fixture(scope="session")
def write_idx() -> WriteIdx:
    return _write


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The URL of a server of the files in `tmp_path`."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
