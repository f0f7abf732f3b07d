"""One OpenAPI document out of those of the services, as the gateway publishes it."""

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

DESCRIPTION = """Compose music, follow a piece while it is composed, listen, keep it, share it.

Everybody may compose and listen; what one keeps needs an account, or a guest's token (`POST /api/v1/auth/guest`).
Send the access token as `Authorization: Bearer …`. Every error is problem details (RFC 9457): `type` for programs,
`detail` for people, `errors` with the wrong fields and their limits."""


class MergeConflict(ValueError):
    """Two services use one name for different things."""


def merge(documents: Mapping[str, Document]) -> Document:
    """The documents of the services (name → document) as one; raises MergeConflict, which names what to rename.

    Paths, operation ids and schemas keep their names, so that what is generated from a service's own document and
    from this one fits together.
    """
    merged: Document = {
        "openapi": _only({document["openapi"] for document in documents.values()}),
        "info": {
            "title": "Euterpe",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Wherever this document comes from."}],
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
        raise MergeConflict(f"the services speak different versions of OpenAPI: {', '.join(sorted(versions))}")
    return versions.pop()


def _add(target: dict[str, Any], name: str, value: Any, service: str) -> None:
    if target.setdefault(name, value) != value:
        raise MergeConflict(f"{service} uses the name {name} for something else than the services before it; rename it")


def _add_tags(tags: list[dict[str, str]], document: Document) -> None:
    known = {tag["name"] for tag in tags}
    described = {tag["name"]: tag for tag in document.get("tags", [])}
    for methods in document["paths"].values():
        for operation in methods.values():
            for name in operation["tags"]:
                if name not in known:
                    known.add(name)
                    tags.append(described.get(name, {"name": name}))
