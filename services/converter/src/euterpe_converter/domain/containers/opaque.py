"""Formats whose encoder writes the whole file, tags included."""

from euterpe_converter.domain.audio import Encoding, Tags


def preamble(_: Encoding, __: int, ___: Tags) -> bytes:
    """Return nothing: the body is the file."""
    return b""


def body_bytes(_: Encoding, __: int) -> None:
    """Return None: the size depends on the music."""
