"""Finds the changes between two OpenAPI documents that break existing clients.

A client of the old API must work with the new one: every request that it sends must stay valid, and every response must
keep what the client reads. So request schemas may only become wider, and response schemas only narrower. The rules are
those of oasdiff's `breaking` check that apply to these documents; a change without a rule (a pattern, a combination of
schemas) counts as breaking.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

#: Keys of a schema that do not affect validation.
_ANNOTATIONS = frozenset(
    {"title", "description", "examples", "example", "default", "deprecated", "readOnly", "writeOnly"}
)
#: Limits of requests: key → whether a greater value allows more.
_LIMITS = {
    "maximum": True, "exclusiveMaximum": True, "maxLength": True, "maxItems": True, "maxProperties": True,
    "minimum": False, "exclusiveMinimum": False, "minLength": False, "minItems": False, "minProperties": False,
}  # fmt: skip
_HANDLED = frozenset({"$ref", "type", "enum", "properties", "required", "items", "anyOf", "additionalProperties"})


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return one line per breaking change, sorted; an empty list if there is none."""
    return sorted(set(_Comparison(old, new).run()))


class _Comparison:
    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str, bool]] = set()

    def run(self) -> Iterator[str]:
        for path, methods in self._old["paths"].items():
            for method, operation in methods.items():
                where = f"{method.upper()} {path}"
                found = self._new["paths"].get(path, {}).get(method)
                if found is None:
                    yield f"{where} was removed"
                    continue
                yield from self._operation(where, operation, found)

    def _operation(self, where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{where}: the operation id changed from {old['operationId']} to {new['operationId']}"
        if {} in old.get("security", []) and {} not in new.get("security", []):
            yield f"{where} requires a login now"
        if not old.get("security") and new.get("security") and {} not in new["security"]:
            yield f"{where} requires a login now"
        yield from self._parameters(where, old, new)
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        for status, response in old["responses"].items():
            if status.startswith(("2", "3")):
                yield from self._response(f"{where} {status}", response, new["responses"].get(status))

    def _parameters(self, where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        before = {(item["in"], item["name"].lower()): item for item in old.get("parameters", [])}
        after = {(item["in"], item["name"].lower()): item for item in new.get("parameters", [])}
        for key in before.keys() - after.keys():
            yield f"{where}: the {key[0]} parameter {key[1]} was removed"
        for key, item in after.items():
            was = before.get(key)
            if item.get("required") and not (was or {}).get("required"):
                yield f"{where}: the {key[0]} parameter {key[1]} became required"
            if was is not None:
                yield from self._schema(
                    f"{where}: the {key[0]} parameter {key[1]}", was["schema"], item["schema"], True
                )

    def _body(self, where: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[str]:
        if new is None:
            if old is not None:
                yield f"{where} no longer accepts a body"
            return
        if new.get("required") and not (old or {}).get("required"):
            yield f"{where} requires a body now"
        for kind, content in (old or {"content": {}})["content"].items():
            if kind not in new["content"]:
                yield f"{where} no longer accepts {kind}"
            else:
                yield from self._schema(
                    f"{where}: the request body", content["schema"], new["content"][kind]["schema"], True
                )

    def _response(self, where: str, old: dict[str, Any], new: dict[str, Any] | None) -> Iterator[str]:
        if new is None:
            yield f"{where}: the response was removed"
            return
        for name in old.get("headers", {}).keys() - new.get("headers", {}).keys():
            yield f"{where}: the header {name} was removed"
        for kind, content in old.get("content", {}).items():
            found = new.get("content", {}).get(kind)
            if found is None:
                yield f"{where} no longer returns {kind}"
            elif "schema" in content:
                yield from self._schema(
                    f"{where}: the response body", content["schema"], found.get("schema", {}), False
                )

    def _schema(self, where: str, old: Schema, new: Schema, request: bool) -> Iterator[str]:
        key = (old.get("$ref", where), new.get("$ref", where), request)
        if key in self._seen:
            return
        if "$ref" in old or "$ref" in new:
            self._seen.add(key)
            where = where if "$ref" not in old else f"{where} ({old['$ref'].rpartition('/')[2]})"
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._alternatives(where, _alternatives(old), _alternatives(new), request)
            return
        if not new and request:
            return
        if old.get("type") != new.get("type") and not (
            request and (old.get("type"), new.get("type")) == _WIDENED_TYPES
        ):
            yield f"{where} has the type {new.get('type')}, was {old.get('type')}"
            return
        yield from self._values(where, old, new, request)
        yield from self._properties(where, old, new, request)
        if "items" in old and "items" in new:
            yield from self._schema(f"{where}[]", old["items"], new["items"], request)

    def _alternatives(self, where: str, old: list[Schema], new: list[Schema], request: bool) -> Iterator[str]:
        # Each alternative of the sender must match one of the receiver. Clients send requests, the server responses.
        sent, accepted = (old, new) if request else (new, old)
        for alternative in sent:
            trials = [self._trial(where, alternative, other, request) for other in accepted]
            if all(trials):
                yield from trials[0] if len(accepted) == 1 else [f"{where} no longer matches one of its alternatives"]

    def _trial(self, where: str, sent: Schema, accepted: Schema, request: bool) -> list[str]:
        trial = _Comparison(self._old, self._new)
        trial._seen = set(self._seen)
        return list(trial._schema(where, *((sent, accepted) if request else (accepted, sent)), request))

    def _values(self, where: str, old: Schema, new: Schema, request: bool) -> Iterator[str]:
        before, after = old.get("enum"), new.get("enum")
        if request and after is not None and (before is None or set(before) - set(after)):
            yield f"{where} no longer accepts {_names(set(before or ['any value']) - set(after))}"
        if not request and before is not None and (after is None or set(after) - set(before)):
            yield f"{where} may now be {_names(set(after or ['any value']) - set(before))}"
        for limit, greater_is_wider in _LIMITS.items():
            if request and limit in new and _stricter(old.get(limit), new[limit], greater_is_wider):
                yield f"{where} has a stricter {limit}: {new[limit]}, was {old.get(limit, 'unlimited')}"
        for key in (old.keys() | new.keys()) - _ANNOTATIONS - _HANDLED - _LIMITS.keys():
            is_wider = request and key not in new
            if old.get(key) != new.get(key) and not is_wider:
                yield f"{where}: {key} changed"

    def _properties(self, where: str, old: Schema, new: Schema, request: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        was_required, is_required = set(old.get("required", [])), set(new.get("required", []))
        for name in before.keys() - after.keys():
            yield f"{where}.{name} was removed"
        if request:
            yield from (f"{where}.{name} became required" for name in is_required - was_required)
        else:
            yield from (f"{where}.{name} became optional" for name in (was_required - is_required) & after.keys())
        for name in before.keys() & after.keys():
            yield from self._schema(f"{where}.{name}", before[name], after[name], request)
        yield from self._additional_properties(
            where, old.get("additionalProperties"), new.get("additionalProperties"), request
        )

    def _additional_properties(self, where: str, old: Any, new: Any, request: bool) -> Iterator[str]:
        if request and new is False and old is not False:
            yield f"{where} no longer accepts additional properties"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self._schema(f"{where}.*", old, new, request)


_WIDENED_TYPES = ("integer", "number")


def _stricter(old: float | None, new: float, greater_is_wider: bool) -> bool:
    return old is None or (new < old if greater_is_wider else new > old)


def _alternatives(schema: Schema) -> list[Schema]:
    found: list[Schema] = schema.get("anyOf", [schema])
    return found


def _resolved(document: dict[str, Any], schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _names(values: set[Any]) -> str:
    return ", ".join(sorted(map(str, values)))
