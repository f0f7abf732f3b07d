"""What every app computes when it starts, although the results are equal within a process.

A service starts once per process, but hundreds of tests start an app each. A third of the processor time of such a test
was FastAPI's analysis of all routes and the reading of certificate authorities.
"""

import functools
import os
import ssl
from dataclasses import replace
from typing import Any

import pytest
from fastapi import routing

_read_authorities = ssl.create_default_context


@functools.cache
def _authorities(file: str | None, *_environment: str | None) -> ssl.SSLContext:
    return _read_authorities(cafile=file)


def _default_context(*arguments: Any, **options: Any) -> ssl.SSLContext:
    """Return the shared context of a file of authorities or of the system's; make every other context anew."""
    if arguments or options.keys() - {"cafile"}:
        return _read_authorities(*arguments, **options)
    # OpenSSL reads these variables.
    environment = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    context = _authorities(options.get("cafile"), *environment)
    assert context.check_hostname, "a shared context was changed"
    assert context.verify_mode == ssl.CERT_REQUIRED, "a shared context was changed"
    return context


class _Analyses:
    """FastAPI's analyses of routes by route and include options; apps with dependency overrides have their own."""

    def __init__(self, analyse: Any) -> None:
        self._analyse = analyse
        self._made: dict[int, list[tuple[Any, Any]]] = {}

    def __call__(self, *, original_route: Any, include_context: Any) -> Any:
        if getattr(include_context.dependency_overrides_provider, "dependency_overrides", None):
            return self._analyse(original_route=original_route, include_context=include_context)
        options = replace(include_context, dependency_overrides_provider=None)
        made = self._made.setdefault(id(original_route), [])
        for known, analysis in made:
            # The analysis refers to its route, so that no other route has the same id.
            if known == options:
                return analysis
        made.append((options, self._analyse(original_route=original_route, include_context=options)))
        return made[-1][1]


def install(patch: pytest.MonkeyPatch) -> None:
    """Make apps of this process share these results until the patch is undone."""
    patch.setattr(ssl, "create_default_context", _default_context)
    analyses = _Analyses(routing._EffectiveRouteContext.from_api_route)
    patch.setattr(routing._EffectiveRouteContext, "from_api_route", analyses)
