"""Entity tags and the conditional headers of RFC 9110, sections 8.8.3 and 13.1."""

import re

from euterpe_service_kit.errors import PreconditionFailed

# An opaque tag may contain commas, so a list cannot be split at commas.
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def strong_etag(opaque: str | int) -> str:
    """Return the header form of a strong tag, e.g. `"7"`."""
    return f'"{opaque}"'


def require_match(if_match: str | None, etag: str) -> None:
    """Raise PreconditionFailed if `If-Match` names another version. Weak tags never match."""
    if if_match is None or if_match.strip() == "*" or etag in _tags(if_match, weak=False):
        return
    raise PreconditionFailed(f"If-Match names a version other than the current one, {etag}.")


def none_match(if_none_match: str | None, etag: str) -> bool:
    """Return whether to send the representation: False if `If-None-Match` names the current version."""
    if if_none_match is None:
        return True
    return if_none_match.strip() != "*" and etag not in _tags(if_none_match, weak=True)


def _tags(header: str, *, weak: bool) -> set[str]:
    return {f'"{opaque}"' for prefix, opaque in _TAG.findall(header) if weak or not prefix}
