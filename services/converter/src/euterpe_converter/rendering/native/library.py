"""Loads shared libraries."""

import ctypes
from collections.abc import Mapping
from typing import Any


class LibraryMissing(Exception):
    """A shared library is not installed; `package` is its Debian package."""

    def __init__(self, name: str, package: str) -> None:
        super().__init__(f"the library {name} cannot be loaded")
        self.name = name
        self.package = package


def load(name: str, package: str, signatures: Mapping[str, tuple[Any, list[Any]]]) -> ctypes.CDLL:
    """Load a library and set result and argument types of each function. Raises LibraryMissing.

    Without declared types, ctypes truncates pointers to 32 bits.
    """
    try:
        library = ctypes.CDLL(name)
        for function, (result, arguments) in signatures.items():
            symbol = getattr(library, function)
            symbol.restype, symbol.argtypes = result, arguments
    except (OSError, AttributeError):
        raise LibraryMissing(name, package) from None
    return library
