"""The Python client's operations, written from the OpenAPI document: one typed method for each."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

_HEAD = '''"""Every operation of the public API. Written by `make openapi` from the OpenAPI document."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, cast

from euterpe_client import models
from euterpe_client.transport import Event, Transport, quoted

__all__ = ["Operations"]


class Operations(Transport):
    """One method for each operation. Raises ApiError for every answer that is a problem."""
'''
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_JSON, _FORM, _MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"


def operations_module(document: dict[str, Any]) -> str:
    """The source of `euterpe_client.operations`."""
    methods = [
        _method(method.upper(), path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return _HEAD + "".join(f"\n{textwrap.indent(text, '    ')}" for text in methods)


def _method(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = [item for item in operation.get("parameters", []) if item["in"] != "cookie"]
    optional = [item for item in parameters if item["in"] != "path"]
    signature = ["self", *(f"{_name(item)}: {_type(item['schema'])}" for item in parameters if item["in"] == "path")]
    signature += _body_parameters(operation)
    if optional:
        signature += ["*", *(f"{_name(item)}: {_optional(item['schema'])} = None" for item in optional)]
    kind, answer = _answer(operation)
    arguments = [f'"{method}"', f'f"{_path(path)}"' if "{" in path else f'"{path}"']
    for place in ("query", "header"):
        pairs = [f'"{item["name"]}": {_name(item)}' for item in optional if item["in"] == place]
        if pairs:
            arguments.append(f"{ {'query': 'params', 'header': 'headers'}[place] }={{{', '.join(pairs)}}}")
    arguments += _body_arguments(operation)
    call = f"self._{kind}({', '.join(arguments)})"
    lines = [
        f"def {operation['operationId']}({', '.join(signature)}) -> {answer}:",
        *_docstring(operation),
        f"    {_returned(kind, answer, call)}",
    ]
    return "\n".join(lines) + "\n"


def _returned(kind: str, answer: str, call: str) -> str:
    if kind == "json":
        return f"return cast({answer}, {call})"
    return call if kind == "nothing" else f"return {call}"


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
    needed = operation["requestBody"].get("required", False)
    python = _type(schema) if kind in (_JSON, _FORM) else "bytes"
    return [f"body: {python}" if needed else f"body: {_optional(schema)} = None"]


def _body_arguments(operation: dict[str, Any]) -> list[str]:
    body = _body(operation)
    if body is None:
        return []
    kind = body[0]
    if kind == _MULTIPART:
        return ['files={"file": file}', "data=fields"]
    names = {_JSON: "json=body", _FORM: "data=cast(dict[str, Any], body)"}
    return [names.get(kind, f'content=body, media_type="{kind}"')]


def _answer(operation: dict[str, Any]) -> tuple[str, str]:
    """Which way of the transport's reads the answer, and its type."""
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
    raise ValueError(f"{operation['operationId']} documents no success")
