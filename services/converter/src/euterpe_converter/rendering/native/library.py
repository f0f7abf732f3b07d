"""Loads a shared library by the names that it may have."""

import ctypes
from collections.abc import Mapping
from typing import Any


class LibraryMissing(Exception):
    """A shared library is not installed; `package` is Debian's name of it."""

    def __init__(self, name: str, package: str) -> None:
        super().__init__(f"the library {name} cannot be loaded")
        self.name = name
        self.package = package


def load(name: str, package: str, signatures: Mapping[str, tuple[Any, list[Any]]]) -> ctypes.CDLL:
    """The library, with result and argument types set for each function that is used. Raises LibraryMissing.

    Types are not optional: without them ctypes cuts pointers to 32 bits.
    """
    try:
        library = ctypes.CDLL(name)
        for function, (result, arguments) in signatures.items():
            symbol = getattr(library, function)
            symbol.restype, symbol.argtypes = result, arguments
    except (OSError, AttributeError):
        raise LibraryMissing(name, package) from None
    return library
