"""Merges the OpenAPI documents of the services into the one that the gateway publishes."""

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

DESCRIPTION = """Compose music, follow its progress, and listen to, store and share songs.

Composing and listening work without a login. A library needs an account or a guest session (`POST /api/v1/auth/guest`).
Send the access token as `Authorization: Bearer …`. Errors are problem details (RFC 9457): `type` identifies the problem
for programs, `detail` describes it for people, and `errors` lists the invalid fields with their limits."""


class MergeConflict(ValueError):
    """Two services define different things under one name."""


def merge(documents: Mapping[str, Document]) -> Document:
    """Merge the documents of the services (name → document).

    Paths, operation ids and schemas keep their names, so code generated from the document of one service is compatible
    with code generated from the merged one. Raises MergeConflict if two services define one name differently.
    """
    merged: Document = {
        "openapi": _only({document["openapi"] for document in documents.values()}),
        "info": {
            "title": "Euterpe",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server of this document"}],
        "tags": [],
        "paths": {},
        "components": {"securitySchemes": {}, "schemas": {}},
    }
    operations: dict[str, str] = {}
    for service, document in documents.items():
        for path, methods in document["paths"].items():
            _add(merged["paths"], path, methods, service)
            for method, operation in methods.items():
                _add(operations, operation["operationId"], f"{method} {path}", service)
        for kind, components in document.get("components", {}).items():
            for name, component in components.items():
                _add(merged["components"].setdefault(kind, {}), name, component, service)
        _add_tags(merged["tags"], document)
    return merged


def _only(versions: set[str]) -> str:
    if len(versions) != 1:
        raise MergeConflict(f"the services use different OpenAPI versions: {', '.join(sorted(versions))}")
    return versions.pop()


def _add(target: dict[str, Any], name: str, value: Any, service: str) -> None:
    if target.setdefault(name, value) != value:
        raise MergeConflict(f"{service} defines {name} differently from another service; rename one of them")


def _add_tags(tags: list[dict[str, str]], document: Document) -> None:
    known = {tag["name"] for tag in tags}
    described = {tag["name"]: tag for tag in document.get("tags", [])}
    for methods in document["paths"].values():
        for operation in methods.values():
            for name in operation["tags"]:
                if name not in known:
                    known.add(name)
                    tags.append(described.get(name, {"name": name}))
