"""The sources of music: where they are, what they may be used for, and how their styles are named.

`is_free` marks sources under CC0 or in the public domain as encodings: only they enter the model for commercial use.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from euterpe_training.ensemble.corpora.periods import period_of


@dataclass(frozen=True)
class Style:
    """A place in the hierarchy of styles: genre, kind (period or form) and composer; "" where unknown."""

    genre: str
    kind: str = ""
    composer: str = ""


@dataclass(frozen=True)
class Source:
    """A collection of files.

    `share` is the share of training pieces drawn from it; `style_of` names the style of a path below the corpora's
    root, `work_of` the work that it belongs to. Movements of one work stay on one side of the split.
    """

    name: str
    pattern: str
    licence: str
    is_free: bool
    share: float
    style_of: Callable[[Path], Style]
    work_of: Callable[[Path], str]
    min_alignment: float = 0.0

    @property
    def collection(self) -> str:
        """The collection that the source belongs to, with its licence, for users."""
        if "music21" in self.licence:
            return "music21 (permission of the encoders)"
        titles = {
            "lieder": "OpenScore", "quartets": "OpenScore", "pop909": "POP909", "nottingham": "Nottingham",
            "essen": "Essen",
        }  # fmt: skip
        plain = self.licence.replace(", no licence stated", " without a licence")
        return f"{titles[self.name]} ({plain})" if self.name in titles else plain

    def files(self, root: Path) -> Iterator[Path]:
        """Yield the paths of the source's files relative to the corpora's root, sorted."""
        yield from sorted(path.relative_to(root) for path in root.glob(self.pattern) if path.is_file())


def _file(path: Path) -> str:
    return path.stem.lower()


def _file_of_folder(path: Path) -> str:
    return f"{path.parent.name}/{_file(path)}"


def _classical_work(path: Path) -> str:
    """Return composer, catalogue word and first number: `schubert/d894` for `schubert/1256d894m2.mid`."""
    name = re.sub(r"^\d{3,4}(?=[a-z])", "", path.stem.lower())
    match = re.match(r"([^\d]*)(\d*)", name)
    return f"{path.parent.name}/{match[1]}{match[2]}" if match else f"{path.parent.name}/{name}"


def _quartet_work(path: Path) -> str:
    return f"{path.parent.name}/{re.sub(r'_movement.*', '', path.stem.lower())}"


_PRINTED_NAMES = {
    "sacrlatt": "scarlatti",
    "lobos": "villa-lobos",
    "vaughan": "vaughan-williams",
    "jstrauss": "strauss_johann",
}


def _classical(path: Path) -> Style:
    composer = _PRINTED_NAMES.get(path.parent.name, path.parent.name)
    return Style("classical", period_of(composer), composer)


def _openscore_composer(path: Path) -> str:
    surname = re.split(r"_", path.parent.name)[0].lower()
    first = path.parent.name.lower()
    return {"schumann_clara": "schumann_clara", "strauss_richard": "strauss"}.get(first, surname)


_TUNE_KINDS = ("reel", "jig", "hornpipe", "strathspey", "waltz", "march", "polka", "morris", "playford")
_NOTTINGHAM_KINDS = {
    "hpps": "hornpipe",
    "jigs": "jig",
    "reels": "reel",
    "slip": "jig",
    "waltzes": "waltz",
    "xmas": "carol",
}


def _nottingham(path: Path) -> Style:
    prefix = re.match(r"[a-z]+", path.stem)
    name = prefix[0] if prefix else ""
    kind = next((kind for word, kind in _NOTTINGHAM_KINDS.items() if name.startswith(word)), "")
    return Style("folk", kind or next((kind for kind in _TUNE_KINDS if name.startswith(kind)), "song"))


def _tune(path: Path) -> Style:
    return Style("folk", next((kind for kind in _TUNE_KINDS if kind in path.stem.lower()), "air"))


_OWN_TERMS = "public files, no licence stated"
_MUSIC21 = "distributed with music21; encoders' permission, commercial use not cleared"

SOURCES = (
    Source("classical", "crnngan-corpus/classical/*/*.mid", _OWN_TERMS, False, 0.30, _classical, _classical_work, 0.45),
    Source("jazz", "crnngan-corpus/jazz/*/*.mid", _OWN_TERMS, False, 0.01,
           lambda path: Style("jazz", "solo", path.parent.name.lower()), _file_of_folder),
    Source("hip_hop", "crnngan-corpus/hip_hop/*/*.mid", _OWN_TERMS, False, 0.025,
           lambda path: Style("hip-hop", "hip-hop", path.parent.name), _file_of_folder, 0.4),
    Source("pop909", "pop909/*/*.mid", "MIT", False, 0.15, lambda _: Style("pop", "song"), _file),
    Source("nottingham", "nottingham/*.mid", "GPL-3.0", False, 0.18, _nottingham, _file),
    Source("lieder", "openscore/lieder/*/*.mid", "CC0-1.0", True, 0.06,
           lambda path: Style("classical", "art song", _openscore_composer(path)),
           _file_of_folder),
    Source("quartets", "openscore/quartets/*/*.mid", "CC0-1.0", True, 0.05,
           lambda path: Style("classical", "string quartet", _openscore_composer(path)),
           _file_of_folder),
    Source("chorales", "music21/bach_chorales/*.mid", _MUSIC21, False, 0.06,
           lambda _: Style("classical", "chorale", "bach"), _file),
    Source("madrigals", "music21/monteverdi/*.mid", _MUSIC21, False, 0.01,
           lambda _: Style("classical", "renaissance", "monteverdi"), lambda path: re.sub(r"_.*", "", _file(path))),
    Source("music21_quartets", "music21/quartets/*/*.mid", _MUSIC21, False, 0.01,
           lambda path: Style("classical", "string quartet", path.parent.name), _quartet_work),
    Source("music21_romantic", "music21/romantic/*/*.mid", _MUSIC21, False, 0.005,
           lambda path: Style("classical", period_of(path.parent.name), path.parent.name), _quartet_work),
    Source("aird", "music21/aird/*.mid", _MUSIC21, False, 0.03, _tune, _file),
    Source("oneill", "music21/oneill/*.mid", _MUSIC21, False, 0.05, _tune, _file),
    Source("ryan", "music21/ryan/*.mid", _MUSIC21, False, 0.04, _tune, _file),
    Source("essen", "music21/essen/*.mid", "non-commercial use permitted by its keepers", False, 0.02,
           lambda path: Style("folk", "chinese song" if path.stem.startswith("han") else "folk song"), _file),
)  # fmt: skip
