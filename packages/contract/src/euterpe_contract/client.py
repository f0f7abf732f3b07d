"""Writes the operations of the Python client from the OpenAPI document: one typed method per operation.

An operation that returns bytes has a second method, `…_stream`, which reads them while they arrive.
"""

import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

_HEADER = '''"""All operations of the public API. Generated from the OpenAPI document by `make openapi`; do not edit."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, cast

from euterpe_client import models
from euterpe_client.transport import ByteStream, Event, Transport, quoted

__all__ = ["Operations"]


class Operations(Transport):
    """One method per operation. Each raises ApiError if the response is an error."""
'''
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_JSON, _FORM, _MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
_STREAM_TYPE = "AbstractContextManager[ByteStream]"


def operations_module(document: dict[str, Any]) -> str:
    """Return the source of `euterpe_client.operations`. Raises ValueError if an operation documents no success."""
    methods = [
        text
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for text in _methods(method.upper(), path, operation)
    ]
    return _HEADER + "".join(f"\n{textwrap.indent(text, '    ')}" for text in methods)


def _methods(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    kind, result = _result(operation)
    name, arguments = operation["operationId"], _arguments(method, path, operation)
    call = f"self._{kind}({arguments})"
    returned = {"json": f"return cast({result}, {call})", "nothing": call}.get(kind, f"return {call}")
    yield _method(f"{name}({_signature(operation)}) -> {result}", _docstring(operation), returned)
    if kind == "bytes":
        docstring = [f'    """Stream the result of `{name}`, which is read while it arrives."""']
        signature = f"{name}_stream({_signature(operation)}) -> {_STREAM_TYPE}"
        yield _method(signature, docstring, f"return self._stream({arguments})")


def _method(signature: str, docstring: Iterable[str], statement: str) -> str:
    return "\n".join([f"def {signature}:", *docstring, f"    {statement}"]) + "\n"


def _parameters(operation: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the path parameters, then the optional query and header parameters."""
    parameters = [item for item in operation.get("parameters", []) if item["in"] != "cookie"]
    return [item for item in parameters if item["in"] == "path"], [item for item in parameters if item["in"] != "path"]


def _signature(operation: dict[str, Any]) -> str:
    required, optional = _parameters(operation)
    signature = [
        "self",
        *(f"{_name(item)}: {_type(item['schema'])}" for item in required),
        *_body_parameters(operation),
    ]
    if optional:
        signature += ["*", *(f"{_name(item)}: {_optional(item['schema'])} = None" for item in optional)]
    return ", ".join(signature)


def _arguments(method: str, path: str, operation: dict[str, Any]) -> str:
    optional = _parameters(operation)[1]
    arguments = [f'"{method}"', f'f"{_path(path)}"' if "{" in path else f'"{path}"']
    for location, keyword in (("query", "params"), ("header", "headers")):
        pairs = [f'"{item["name"]}": {_name(item)}' for item in optional if item["in"] == location]
        if pairs:
            arguments.append(f"{keyword}={{{', '.join(pairs)}}}")
    arguments += _body_arguments(operation)
    if not operation.get("security"):
        arguments.append("authenticated=False")
    return ", ".join(arguments)


def _docstring(operation: dict[str, Any]) -> Iterator[str]:
    description: str = operation.get("description", "")
    yield f'    """{operation["summary"]}.'
    yield from (f"    {line}".rstrip() for line in ("", *description.splitlines()))
    yield '    """'


def _name(parameter: dict[str, Any]) -> str:
    name: str = parameter["name"].lower().replace("-", "_")
    return "format_" if name == "format" else name


def _path(path: str) -> str:
    return path.replace("{format}", "{format_}").replace("{", "{quoted(").replace("}", ")}")


def _optional(schema: dict[str, Any]) -> str:
    kind = _type(schema)
    return kind if kind.endswith("| None") else f"{kind} | None"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"models.{schema['$ref'].rpartition('/')[2]}"
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
    if "anyOf" in schema:
        kinds = [_type(each) for each in schema["anyOf"]]
        return " | ".join(sorted(dict.fromkeys(kinds), key=lambda kind: kind == "None"))
    if schema.get("type") == "array":
        return f"Sequence[{_type(schema['items'])}]"
    return _TYPES.get(schema.get("type", ""), "Any")


def _body(operation: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        return kind, content["schema"]
    return None


def _body_parameters(operation: dict[str, Any]) -> list[str]:
    body = _body(operation)
    if body is None:
        return []
    kind, schema = body
    if kind == _MULTIPART:
        return ["file: bytes", "fields: dict[str, Any] | None = None"]
    required = operation["requestBody"].get("required", False)
    python = _type(schema) if kind in (_JSON, _FORM) else "bytes"
    return [f"body: {python}" if required else f"body: {_optional(schema)} = None"]


def _body_arguments(operation: dict[str, Any]) -> list[str]:
    body = _body(operation)
    if body is None:
        return []
    kind = body[0]
    if kind == _MULTIPART:
        return ['files={"file": file}', "data=fields"]
    arguments = {_JSON: "json=body", _FORM: "data=cast(dict[str, Any], body)"}
    return [arguments.get(kind, f'content=body, media_type="{kind}"')]


def _result(operation: dict[str, Any]) -> tuple[str, str]:
    """Return the kind of the successful response (json, bytes, events or nothing) and its Python type."""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            for kind, content in response.get("content", {}).items():
                if kind == "text/event-stream":
                    return "events", "Iterator[Event]"
                if kind != _JSON:
                    return "bytes", "bytes"
                if content["schema"] != {"type": "null"}:
                    return "json", _type(content["schema"])
            return "nothing", "None"
    raise ValueError(f"{operation['operationId']} documents no successful response")
