"""Which service may call which gRPC method. Everything that is not listed is refused."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_LIBRARY: Final = "/euterpe.library.v1.LibraryService/"
_GENERATOR: Final = "/euterpe.generator.v1.GeneratorService/"

#: Full method name → names of the services that may call it, as in the subject of their service tokens.
CALLERS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        f"{_LIBRARY}RegisterSongs": frozenset({"generator"}),
        f"{_LIBRARY}ResolveArtifact": frozenset({"generator", "converter"}),
        f"{_LIBRARY}TransferSongs": frozenset({"auth"}),
        f"{_LIBRARY}DeleteListener": frozenset({"auth"}),
        f"{_LIBRARY}GetStorageUsage": frozenset({"generator"}),
        f"{_LIBRARY}RemoveUnusedArtifacts": frozenset({"generator"}),
        f"{_LIBRARY}ClaimDigest": frozenset({"auth"}),
        f"{_LIBRARY}ConfirmDigest": frozenset({"auth"}),
        f"{_LIBRARY}StopDigest": frozenset({"auth"}),
        f"{_GENERATOR}TransferGenerations": frozenset({"auth"}),
        f"{_GENERATOR}DeleteListener": frozenset({"auth"}),
    }
)


def may_call(service: str, method: str) -> bool:
    """Return whether a service may call a method, given by its full name `/package.Service/Method`."""
    return service in CALLERS.get(method, frozenset())
