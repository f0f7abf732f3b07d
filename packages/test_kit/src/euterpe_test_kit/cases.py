"""The unusual MIDI files of `midi_cases/` and the expected result for each."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DIRECTORY: Final = Path(__file__).parent / "midi_cases"


@dataclass(frozen=True, slots=True)
class MidiCase:
    """One file: its bytes, and either the reason for its refusal or the expected notes."""

    name: str
    content: bytes
    refused: str | None
    notes: int
    seconds: float
    programs: tuple[tuple[int, bool], ...]

    def __str__(self) -> str:
        return self.name


def midi_cases() -> list[MidiCase]:
    """Return all cases, sorted by name."""
    expected: dict[str, dict[str, Any]] = json.loads((DIRECTORY / "expected.json").read_text())
    return [_case(path, expected[path.stem]) for path in sorted(DIRECTORY.glob("*.mid"))]


def _case(path: Path, expected: dict[str, Any]) -> MidiCase:
    return MidiCase(
        path.stem,
        path.read_bytes(),
        expected.get("refused"),
        expected.get("notes", 0),
        expected.get("seconds", 0.0),
        tuple((program, is_drum) for program, is_drum in expected.get("programs", [])),
    )
