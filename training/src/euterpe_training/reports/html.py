"""Reports as one HTML file with its pictures inside."""

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

from euterpe_training.balancing.images import ImageSet
from euterpe_training.balancing.pictures import grid
from euterpe_training.errors import TrainingError

mpl.use("Agg")
_PER_CLASS = 12


@dataclass(frozen=True)
class Picture:
    """A PNG, under a name of its own in a report. `pixels` keeps hard edges when a browser enlarges it."""

    name: str
    png: bytes
    caption: str
    pixels: bool = False

    @classmethod
    def of_figure(cls, name: str, figure: Figure, caption: str) -> "Picture":
        """From a drawing."""
        content = io.BytesIO()
        figure.savefig(content, dpi=80, format="png")
        return cls(name, content.getvalue(), caption)

    @classmethod
    def of_pixels(cls, name: str, picture: NDArray[np.uint8], caption: str) -> "Picture":
        """From an array [height, width, 3]."""
        content = io.BytesIO()
        Image.fromarray(picture).save(content, format="png", optimize=True)
        return cls(name, content.getvalue(), caption, pixels=True)

    @property
    def base64(self) -> str:
        """The PNG for a page that holds its pictures itself."""
        return base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Table:
    """Rows under a head; cells are texts."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Section:
    """A heading with what belongs under it."""

    title: str
    text: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    figures: list[Picture] = field(default_factory=list)


def write_report(path: Path, title: str, introduction: Sequence[str], sections: Sequence[Section]) -> None:
    """One self-contained HTML file; TrainingError when there is one already."""
    if path.exists():
        raise TrainingError(f"{path} exists already; choose another place")
    loader = jinja2.PackageLoader("euterpe_training.reports", "")
    page = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = page.get_template("report.html.j2").render(title=title, introduction=introduction, sections=sections)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def data_section(images: ImageSet, test: ImageSet, seed: int = 0) -> Section:
    """Counts per class, and pictures of each."""
    most = int(images.counts.max())
    rows = [
        (name, f"{count:,}", f"{count / most:.3f}", f"{tested:,}")
        for name, count, tested in zip(images.classes, images.counts, test.counts, strict=True)
    ]
    rows.append(("all", f"{len(images):,}", "", f"{len(test):,}"))
    section = Section("Data", tables=[Table(("class", "to train", "of the largest", "real, to test"), rows)])
    height, width = images.size
    section.text.append(f"Images of {width}×{height} pixels in {images.channels} channel(s).")
    random = np.random.default_rng(seed)
    pictures = [
        images.images[random.permutation(images.of(label))[:_PER_CLASS]]
        for label, count in enumerate(images.counts)
        if count
    ]
    caption = "Real images to train with, a row per class: " + ", ".join(images.classes)
    section.figures += [
        Picture.of_figure("counts", _bars(images), "Images per class"),
        Picture.of_pixels("real-images", grid(pictures), caption),
    ]
    return section


def _bars(images: ImageSet) -> Figure:
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    axes = figure.subplots()
    drawn = axes.bar(images.classes, images.counts, color="#4477aa")
    axes.bar_label(drawn, fontsize=8)
    axes.tick_params("x", rotation=30 if max(map(len, images.classes)) > 3 else 0)
    axes.set(ylabel="images")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
