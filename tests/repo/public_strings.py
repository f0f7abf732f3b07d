"""The strings that are checked for their language: API, command line, pages, chart, documents, parameters, comments."""

import ast
import json
import re
import subprocess
import tokenize
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import typer
import yaml

#: Reports and model cards are written by training commands, so their text follows the code.
GENERATED_DOCUMENTS = ("docs/studies/", "models/")


class PublicString(NamedTuple):
    """A text, and the place to change it."""

    place: str
    text: str


def tracked_files(root: Path, *patterns: str) -> list[Path]:
    """Return the files in the working tree that git tracks and that match one of the pathspecs."""
    command = ["git", "ls-files", "-z", "--", *patterns]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


def openapi_document(root: Path) -> Path:
    """Return the path of the committed OpenAPI document."""
    [path] = tracked_files(root, "*openapi.json")
    return path


def api_strings(root: Path) -> Iterator[PublicString]:
    """Yield every summary, description, title and example of the OpenAPI document."""
    path = openapi_document(root)
    for pointer, text in _leaves(json.loads(path.read_text(encoding="utf-8"))):
        yield PublicString(f"{path.relative_to(root)}{pointer}", text)


def command_strings() -> Iterator[PublicString]:
    """Yield the help of every command and option of the installed command line programs."""
    programs = [entry for entry in entry_points(group="console_scripts") if entry.value.startswith("euterpe_")]
    for program in programs:
        command = typer.main.get_command(import_module(program.module).app)
        yield from _command_help(program.name, command)


def page_strings(root: Path) -> Iterator[PublicString]:
    """Yield the string literals of the text tables, and the text and labels of the templates."""
    for path in tracked_files(root, "web/src/**/*text*/*.ts", "web/src/**/*texts.ts"):
        # The keys of spanish-labels.ts are texts of released manifests, whose wording cannot change.
        if not path.name.endswith((".spec.ts", "spanish-labels.ts")):
            code = re.sub(r"/\*.*?\*/|^\s*//.*?$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
            for _, text in re.findall(r"(['\"`])((?:\\.|(?!\1).)*)\1", code):
                yield PublicString(str(path.relative_to(root)), text)
    for path in tracked_files(root, "web/src/**/*.html"):
        html = re.sub(r"<!--.*?-->|\{\{.*?\}\}|@\w+[^{]*\{", " ", path.read_text(encoding="utf-8"), flags=re.S)
        labels = re.findall(r"\s(?:aria-label|alt|title|placeholder)=\"([^\"]*)\"", html)
        for text in [*labels, *re.sub(r"<[^>]*>", "\n", html).splitlines()]:
            yield PublicString(str(path.relative_to(root)), text)


def chart_strings(root: Path) -> Iterator[PublicString]:
    """Yield the notes of the chart, the comments of its values, the schema's descriptions, and the alerts' texts."""
    chart = root / "deploy/helm/euterpe"
    for path in [chart / "templates/NOTES.txt", *tracked_files(root, "deploy/helm/euterpe/values*.yaml")]:
        yield PublicString(str(path.relative_to(root)), path.read_text(encoding="utf-8"))
    schema = chart / "values.schema.json"
    documents = [(schema, json.loads(schema.read_text(encoding="utf-8")))]
    documents += [
        (path, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in (chart / "files").rglob("*.yaml")
    ]
    for path, document in documents:
        for pointer, text in _leaves(document):
            yield PublicString(f"{path.relative_to(root)}{pointer}", text)


def document_strings(root: Path) -> Iterator[PublicString]:
    """Yield every Markdown document that is written by hand."""
    for path in tracked_files(root, "*.md"):
        name = str(path.relative_to(root))
        if not name.startswith(GENERATED_DOCUMENTS):
            yield PublicString(name, path.read_text(encoding="utf-8"))


def parameter_strings(root: Path) -> Iterator[PublicString]:
    """Yield the labels and advice of model parameters, with which the next exported manifests are written."""
    for path in tracked_files(root, "packages/music/src/**/*parameters.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value[:1].isupper():
                yield PublicString(f"{path.relative_to(root)}:{node.lineno}", node.value)


def comment_strings(root: Path) -> Iterator[PublicString]:
    """Yield the docstrings and comments of the service kit and the end-to-end tests."""
    for path in tracked_files(root, "packages/service_kit/**/*.py", "tests/e2e/*.py"):
        place = path.relative_to(root)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield PublicString(f"{place}:{getattr(node, 'lineno', 1)}", ast.get_docstring(node) or "")
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.COMMENT:
                    yield PublicString(f"{place}:{token.start[0]}", token.string)


def _leaves(node: Any, pointer: str = "#") -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield pointer, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, f"{pointer}/{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _leaves(value, f"{pointer}/{number}")


def _command_help(name: str, command: Any) -> Iterator[PublicString]:
    texts = [
        command.help,
        command.short_help,
        command.epilog,
        *(getattr(each, "help", None) for each in command.params),
    ]
    yield from (PublicString(f"{name} --help", text) for text in texts if text)
    for child, subcommand in getattr(command, "commands", {}).items():
        yield from _command_help(f"{name} {child}", subcommand)
