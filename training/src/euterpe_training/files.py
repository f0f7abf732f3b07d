"""Writing files so that an interruption leaves either the old or the new content."""

from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path`, replacing an older file only once the new one is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
