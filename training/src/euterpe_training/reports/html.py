"""Reports as one HTML file with embedded pictures."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from euterpe_training.errors import TrainingError

mpl.use("Agg")


@dataclass(frozen=True)
class Picture:
    """A named PNG. `pixels` makes browsers enlarge it without smoothing."""

    name: str
    png: bytes
    caption: str
    pixels: bool = False

    @classmethod
    def of_figure(cls, name: str, figure: Figure, caption: str) -> "Picture":
        """Render a figure."""
        content = io.BytesIO()
        figure.savefig(content, dpi=80, format="png")
        return cls(name, content.getvalue(), caption)

    @classmethod
    def of_pixels(cls, name: str, picture: NDArray[np.uint8], caption: str) -> "Picture":
        """Encode an array [height, width, 3]."""
        content = io.BytesIO()
        Image.fromarray(picture).save(content, format="png", optimize=True)
        return cls(name, content.getvalue(), caption, pixels=True)

    @property
    def base64(self) -> str:
        """The PNG for embedding in a page."""
        return base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Section:
    """A heading with paragraphs, tables and figures."""

    title: str
    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    figures: list[Picture] = field(default_factory=list)


def write_report(path: Path, title: str, introduction: Sequence[str], sections: Sequence[Section]) -> None:
    """Write one self-contained HTML file; raise TrainingError when it exists."""
    if path.exists():
        raise TrainingError(f"{path} already exists; choose another directory")
    loader = jinja2.PackageLoader("euterpe_training.reports", "")
    page = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = page.get_template("report.html.j2").render(title=title, introduction=introduction, sections=sections)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
