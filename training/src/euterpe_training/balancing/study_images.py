"""The part of the study's report that is about the images themselves."""

from dataclasses import replace

from matplotlib.figure import Figure

from euterpe_training.balancing.classifier import Fitted, fit
from euterpe_training.balancing.images import ImageSet, Pixels, split
from euterpe_training.balancing.pictures import grid
from euterpe_training.balancing.quality import features, frechet_distance, nearest, self_similarity
from euterpe_training.balancing.study import VALIDATION_SHARE, Study, made_images
from euterpe_training.balancing.treatments import Arm
from euterpe_training.reports.html import Picture, Section, Table

_SHOWN = 12
_FEWEST_FOR_DISTANCE = 20
_LOOKED_UP = 200
_READING = (
    (
        "Fréchet distance to all real images of the class, also those that were cut off, on features of the network "
        "'small', trained on them: comparable in this report, not with distances on Inception's features. 'Real, held "
        "out' is the same measure of test images."
    ),
    (
        "Recognised is the share that this network takes for members of the class. "
        "SSIM of random pairs of a class: the lower, the more varied. Nearest is the root mean squared difference to "
        "the nearest real training image in grey levels; near 0 would be a copy."
    ),
)


def quality_section(study: Study) -> Section:
    """Distance and variety of what was made, beside real images that were never trained on."""
    whole = study.task.whole
    shown, kept = split(whole, VALIDATION_SHARE)
    options = replace(study.options.fit, network="small", loss="cross-entropy")
    judge = fit(shown, kept, options, 0, study.device)
    section = Section("Made images", list(_READING))
    rows: list[list[str]] = []
    real = study.real
    for label, name in enumerate(real.classes):
        own, every = real.images[real.of(label)], whole.images[whole.of(label)]
        held_out = study.task.test.take(study.task.test.of(label))
        rows.append(_quality_row(name, "real, held out", judge, (own, every), held_out))
        for arm in study.arms.values():
            made = dict(made_images(arm, real)).get(name) if arm.method is not None else None
            if made is not None:
                rows.append(_quality_row(name, arm.name, judge, (own, every), made))
    columns = ["class", "images", "recognised", "Fréchet distance", "SSIM of pairs", "nearest"]
    section.tables.append(Table(columns, rows))
    return section


def _quality_row(name: str, whose: str, judge: Fitted, real: tuple[Pixels, Pixels], images: ImageSet) -> list[str]:
    """`real` are the class' images that were trained on, and all that there are; `images` are of one class."""
    own, every = real
    distance = ""
    if min(len(every), len(images)) >= _FEWEST_FOR_DISTANCE:
        known, found = (features(judge.network, pixels) for pixels in (every, images.images))
        distance = f"{frechet_distance(known, found):.2f}"
    near = nearest(images.images[:_LOOKED_UP], own)[1].mean() if len(images) else float("nan")
    recognised = judge.scores(images).accuracy
    return [name, whose, f"{recognised:.0%}", distance, f"{self_similarity(images.images):.3f}", f"{near:.1f}"]


def made_section(study: Study, arm: Arm) -> Section:
    """Samples per class, each over the real image nearest to it, and the losses of the training."""
    section = Section(f"What {arm.name} made", ["Under each made image is the training image nearest to it."])
    rows = []
    for _, made in made_images(arm, study.real):
        shown = made.images[:_SHOWN]
        own = study.real.images[study.real.of(int(made.labels[0]))]
        rows += [shown, own[nearest(shown, own)[0]]]
    names = ", ".join(name for name, _ in made_images(arm, study.real))
    section.figures.append(Picture.of_pixels(f"made-{arm.name}", grid(rows), f"Two rows per class: {names}"))
    if arm.method is not None and arm.method.history:
        section.figures.append(
            Picture.of_figure(f"losses-{arm.name}", _losses(arm.method.history), "Losses of its training")
        )
    return section


def _losses(history: list[dict[str, float]]) -> Figure:
    figure = Figure(figsize=(8, 2.8), layout="constrained")
    axes = figure.subplots()
    for name in sorted({name for row in history for name in row}):
        points = [(epoch, row[name]) for epoch, row in enumerate(history, start=1) if name in row]
        axes.plot(*zip(*points, strict=True), label=name)
    axes.set(xlabel="epoch", ylabel="loss")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figure
