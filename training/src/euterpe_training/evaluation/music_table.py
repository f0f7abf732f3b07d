"""Tables of the evaluation of music, in Markdown: one row per model, or one model's measures in full."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from euterpe_training.evaluation.music_report import ALL
from euterpe_training.evaluation.self_similarity import LAGS

Report = Mapping[str, Any]

_COLUMNS: Final = (
    "model", "style", "windows real, composed", "notes", "with velocity", "piano rolls", "real against real (notes)",
    "ends on tonic (real)", "copied 8-grams (real)", "longest copy, median (real)",
)  # fmt: skip
_TESTS: Final = {
    "notes": "features of notes", "notes_and_velocity": "features of notes and velocity", "piano_rolls": "piano rolls",
}  # fmt: skip
_SHARES: Final = {
    "ends_on_tonic": "ends on the tonic, bass and melody", "ends_with_tonic_in_bass": "tonic in the bass at the end",
    "ends_with_tonic_in_bass_by_meter": "tonic in the bass of the last bar",
    "ends_with_tonic_in_melody": "tonic in the melody at the end", "ends_on_beat": "last onset on a beat",
    "key_as_stated": "key as stated or asked for", "key_as_stated_or_relative": "the same, or its relative",
    "meter_as_stated": "meter as stated or asked for",
}  # fmt: skip
_QUARTILES: Final = {
    "clash_share": "time with clashes (minor seconds, ninths)",
    "density_last_over_first_fifth": "density, last fifth over first", "longest_note_bars": "longest note, bars",
    "longest_rest_bars": "longest rest, bars",
}  # fmt: skip


def summary_table(reports: Mapping[str, Report]) -> list[str]:
    """Return one row per model and style: two-sample accuracies, those of real against real, endings, copies."""
    lines = [
        "| " + " | ".join(_COLUMNS) + " |",
        "|---" * len(_COLUMNS) + "|",
    ]
    for name, report in reports.items():
        whole = report.get("music", report)
        for style, found in whole["two_sample"].items():
            label = " + ".join(whole["styles_compared"]) if style == ALL else style
            cells = [name, label, *_test_cells(found)]
            if style == ALL:
                cells += [*_piece_cells(whole)]
            lines.append("| " + " | ".join([*cells, *["–"] * (len(_COLUMNS) - len(cells))]) + " |")
    return lines


def report_section(report: Report) -> list[str]:
    """Return all measures of one model, for its card and the terminal."""
    options = report["options"]
    return [
        f"A classifier sees windows of {options['notes']} notes at random positions: composed ones, and real ones of",
        f"{report['works']['test']} test works. Balanced accuracy on unseen works with a 95 % interval; .5: it cannot",
        "tell them apart. Real against real: windows of two halves of the works.",
        "",
        "| style | classifier sees | windows real, composed | composed against real | real against real |",
        "|---|---|---|---|---|",
        *_test_rows(report),
        "",
        *_feature_rows(report),
        "",
        "| measure | composed | test works |",
        "|---|---|---|",
        *_measure_rows(report["pieces"]),
        *_copy_rows(report),
        "",
    ]


def _test_cells(found: Report) -> list[str]:
    tests, real = found["tests"], found["real_against_real"]
    sizes = f"{tests['notes']['real_windows']}, {tests['notes']['composed_windows']}"
    return [sizes, *(_accuracy(tests.get(name)) for name in _TESTS), _accuracy(real["notes"])]


def _piece_cells(report: Report) -> Iterator[str]:
    made, real = report["pieces"]["composed"], report["pieces"]["test works"]
    yield f"{_share(made['ends_on_tonic'])} ({_share(real['ends_on_tonic'])})"
    rows = [report["copying"][side] for side in ("composed", "test works")]
    yield "{:.1f} % ({:.1f} %)".format(*(100 * row["copied_8_grams"]["mean"] for row in rows))
    yield "{:g} ({:g})".format(*(row["longest_run"]["median"] for row in rows))


def _test_rows(report: Report) -> Iterator[str]:
    for style, found in report["two_sample"].items():
        for name, words in _TESTS.items():
            if name in found["tests"]:
                row, real = found["tests"][name], found["real_against_real"].get(name)
                sizes = f"{row['real_windows']}, {row['composed_windows']}"
                label = ", ".join(report["styles_compared"]) if style == ALL else style
                yield f"| {label} | {words} | {sizes} | {_accuracy(row)} | {_accuracy(real)} |"


def _feature_rows(report: Report) -> list[str]:
    rows = report["two_sample"][ALL]["telling_features"][:8]
    lines = ["Features that separate them best (of notes; effect in standard deviations):", ""]
    for row in rows:
        more = "more" if row["effect"] > 0 else "less"
        lines.append(
            f"- `{row['name']}`, {row['meaning']}: {more} in composed windows, {row['composed_mean']:.3g} against "
            f"{row['real_mean']:.3g} (effect {row['effect']:+.1f})"
        )
    return lines


def _measure_rows(pieces: Mapping[str, Report]) -> Iterator[str]:
    sides: Sequence[Report] = (pieces["composed"], pieces["test works"])
    for name, words in _SHARES.items():
        yield f"| {words} | " + " | ".join(_share(side[name]) for side in sides) + " |"
    for kind, words in (("bar_similarity", "notes"), ("bar_rhythm_similarity", "onsets")):
        for lag in LAGS:
            cells = [_spread(side[kind][str(lag)]) for side in sides]
            yield f"| {words} equal to those {lag} bar{'s' if lag > 1 else ''} before | {' | '.join(cells)} |"
    for name, words in _QUARTILES.items():
        yield f"| {words} | " + " | ".join(_spread(side[name]) for side in sides) + " |"


def _copy_rows(report: Report) -> Iterator[str]:
    rows = [report["copying"][side] for side in ("composed", "test works")]
    shares = [f"{100 * row['copied_8_grams']['mean']:.1f} %" for row in rows]
    yield f"| copied 8-grams in windows | {' | '.join(shares)} |"
    runs = [f"{_spread(row['longest_run'])}, at most {row['longest_run_of_all']}" for row in rows]
    yield f"| longest copied run in windows, notes | {' | '.join(runs)} |"
    for name, words in (
        ("unique", "unique pieces"), ("unique_openings", "unique openings of 12 notes"),
        ("shared_grams", "8-grams shared with another of the pieces"),
    ):  # fmt: skip
        cells = [f"{100 * report['diversity'][side][name]:.1f} %" for side in ("composed", "test works")]
        yield f"| {words} | {' | '.join(cells)} |"


def _accuracy(row: Report | None) -> str:
    return f"{row['accuracy']:.3f} ({row['low']:.3f}–{row['high']:.3f})" if row else "–"


def _share(row: Report | None) -> str:
    return f"{100 * row['share']:.0f} %" if row else "–"


def _spread(row: Report | None) -> str:
    return f"{row['median']:.2f} ({row['q1']:.2f}–{row['q3']:.2f})" if row else "–"
