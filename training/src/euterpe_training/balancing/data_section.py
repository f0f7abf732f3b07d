"""The section of a report that describes an image set."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from euterpe_training.balancing.image_grid import grid
from euterpe_training.balancing.images import ImageSet
from euterpe_training.reports.html import Picture, Section, Table

_IMAGES_PER_CLASS: Final = 12


def data_section(images: ImageSet, test: ImageSet, seed: int = 0) -> Section:
    """Return a section with counts per class and real images of each class."""
    most = int(images.counts.max())
    rows = [
        (name, f"{count:,}", f"{count / most:.3f}", f"{tested:,}")
        for name, count, tested in zip(images.classes, images.counts, test.counts, strict=True)
    ]
    rows.append(("all", f"{len(images):,}", "", f"{len(test):,}"))
    section = Section("Data", tables=[Table(("class", "training images", "share of the largest", "test images"), rows)])
    height, width = images.size
    section.text.append(f"Images of {width}×{height} pixels in {images.channels} channel(s).")
    caption = "Real training images, one row per class: " + ", ".join(images.classes)
    section.figures += [
        Picture.of_figure("counts", count_bars(images.classes, images.counts.tolist()), "Images per class"),
        Picture.of_pixels("real-images", sample_grid(images, seed), caption),
    ]
    return section


def sample_grid(images: ImageSet, seed: int = 0) -> NDArray[np.uint8]:
    """Return a picture with a row of random images per class."""
    random = np.random.default_rng(seed)
    rows = [
        images.images[random.permutation(images.of(label))[:_IMAGES_PER_CLASS]]
        for label, count in enumerate(images.counts)
        if count
    ]
    return grid(rows)


def count_bars(classes: Sequence[str], counts: Sequence[int]) -> Figure:
    """Return a bar chart of the images per class."""
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    axes = figure.subplots()
    drawn = axes.bar(classes, counts, color="#4477aa")
    axes.bar_label(drawn, fontsize=8)
    axes.tick_params("x", rotation=30 if max(map(len, classes)) > 3 else 0)
    axes.set(ylabel="images")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
