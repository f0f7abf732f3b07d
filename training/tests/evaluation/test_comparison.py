"""The whole evaluation, from folders of MIDI files to the table and the card."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from euterpe_music.midi import write_midi
from euterpe_music.piece import Piece, make_notes
from euterpe_training.cli import app
from euterpe_training.comparison.composed import composed_scores
from euterpe_training.errors import TrainingError
from euterpe_training.evaluation.card_section import (
    HEADING,
    parse_report_name,
    read_reports,
    with_section,
    write_card_section,
)
from euterpe_training.evaluation.music_table import report_section, summary_table
from euterpe_training.evaluation.scores import GRID, Score
from typer.testing import CliRunner

Make = Callable[..., Score]


def write(directory: Path, scores: list[Score]) -> None:
    directory.mkdir(parents=True)
    for number, score in enumerate(scores):
        notes = make_notes(score.onset * 20, score.duration * 20, score.pitch, score.velocity)
        (directory / f"{number:03}.mid").write_bytes(write_midi(Piece(20 * GRID, notes)))


@pytest.fixture(scope="module")
def report_path(tmp_path_factory: pytest.TempPathFactory, tune: Make, shuffled: Make) -> Path:
    root = tmp_path_factory.mktemp("evaluation")
    write(root / "real" / "songs", [tune(seed) for seed in range(60)])
    write(root / "made" / "songs", [shuffled(tune(seed)) for seed in range(100, 114)])
    requests = {"songs/000.mid": {"key": "D major", "meter": "3/4"}}
    (root / "made" / "requests.json").write_text(json.dumps(requests))
    out = root / "reports" / "model-1.0.0.json"
    done = CliRunner().invoke(app, [
        "evaluate", str(root / "made"), "--reference", str(root / "real"), "--windows", "24", "--notes", "100",
        "--no-rolls", "--out", str(out),
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "features of notes and velocity" in done.output
    return out


def test_a_folder_is_compared_with_a_corpus(report_path: Path) -> None:
    report = json.loads(report_path.read_text())["music"]
    found = report["two_sample"]["all"]
    assert list(report["two_sample"]) == ["all"]
    assert report["styles_compared"] == ["songs"]
    assert report["works"] == {"test": 12, "others": 48, "split": "hash", "files_skipped": 0}
    assert found["tests"]["notes"]["accuracy"] > 0.8
    assert found["real_against_real"]["notes"]["accuracy"] < 0.75
    assert len(found["real_against_real"]["notes"]["repeats"]) == 3
    assert found["fewer_windows_than_wanted"]
    pieces = report["pieces"]["composed"]
    assert pieces["pieces"] == 14
    assert pieces["key_as_stated"]["pieces"] == 1
    assert pieces["meter_as_stated"]["pieces"] == 14
    assert report["pieces"]["test works"]["bar_similarity"]["1"]["pieces"] == 12
    copied = {side: row["copied_8_grams"]["mean"] for side, row in report["copying"].items()}
    assert copied["composed"] < copied["test works"]
    assert {row["notes"] for row in report["copying"].values()} == {100}
    assert report["diversity"]["composed"]["unique"] == 1


def test_the_table_and_the_card_hold_the_report(report_path: Path, tmp_path: Path) -> None:
    reports = read_reports(report_path.parent)
    table = summary_table(reports)
    assert len(table) == 3
    assert table[2].startswith("| model-1.0.0 | songs | 15, 19 | ")
    assert {line.count("|") for line in table} == {11}
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "card.md").write_text("# Model\n\nText.\n\n## Training\n\nLong.\n")
    for _ in range(2):
        write_card_section(tmp_path, reports["model-1.0.0"])
    card = (tmp_path / "card.md").read_text()
    assert card.count(HEADING) == 1
    assert card.startswith("# Model\n\nText.\n\n" + HEADING)
    assert card.endswith("\n\n## Training\n\nLong.\n")
    assert all(line in card for line in report_section(reports["model-1.0.0"]))
    assert (tmp_path / "manifest.json").read_text() == "{}"
    write_card_section(tmp_path, reports["model-1.0.0"], "folk")
    assert (tmp_path / "card.md").read_text().count(HEADING) == 2
    with pytest.raises(TrainingError, match=r"has no card\.md"):
        write_card_section(tmp_path / "none", reports["model-1.0.0"])


def test_reports_are_named_after_model_version_and_style() -> None:
    assert parse_report_name("melody-folk-1.10.0") == ("melody-folk", "1.10.0", "")
    assert parse_report_name("ensemble-1.0.0-string-quartets") == ("ensemble", "1.0.0", "string-quartets")
    with pytest.raises(TrainingError, match="MODEL-VERSION"):
        parse_report_name("ensemble")


def test_a_section_is_replaced_where_it_stands() -> None:
    card = "# A\n\n## B\n\nold\n\n## C\n"
    assert with_section(card, "## B\n\nnew\n\n") == "# A\n\n## B\n\nnew\n\n## C\n"
    assert with_section("# A\n", "## B\n\nnew\n") == "# A\n\n## B\n\nnew\n"
    assert with_section("# A\n\n## B\n\nold\n", "## B\n\nnew\n") == "# A\n\n## B\n\nnew\n"


def test_requests_name_key_meter_and_style(tmp_path: Path, tune: Make) -> None:
    write(tmp_path / "made", [tune(0), tune(1)])
    requests = {"000.mid": {"key": "C minor", "meter": "6/8", "style": "jigs"}}
    (tmp_path / "made" / "requests.json").write_text(json.dumps(requests))
    asked, free = composed_scores(tmp_path / "made", 10)
    assert (asked.key, asked.is_key_requested, str(asked.meters[0]), asked.style) == ("C minor", True, "6/8", "jigs")
    assert asked.bars[:2].tolist() == [0, 72]
    assert (free.key, free.is_key_requested, str(free.meters[0]), free.style) == (None, False, "4/4", "made")
    (tmp_path / "made" / "bad.mid").write_bytes(b"no music")
    with pytest.raises(TrainingError, match=r"bad\.mid cannot be read"):
        composed_scores(tmp_path / "made", 10)


def test_mistakes_are_named(report_path: Path, tmp_path: Path) -> None:
    root = report_path.parent.parent
    for arguments, words in (
        (["evaluate", str(root / "made"), "--reference", str(root / "none")], "not a directory"),
        (
            ["evaluate", str(root / "made"), "--reference", str(root / "real"), "--measures", "overlap"],
            "not a C-RNN-GAN",
        ),
        (["evaluate", str(root / "made"), "--reference", str(root / "real"), "--style", "polka"], "polka"),
        (["evaluation", "table", str(tmp_path)], "no reports"),
    ):
        done = CliRunner().invoke(app, arguments)
        assert isinstance(done.exception, TrainingError)
        assert words in str(done.exception)
    (tmp_path / "a-1.0.0.json").write_text("{}")
    with pytest.raises(TrainingError, match="not a report"):
        read_reports(tmp_path)


@pytest.mark.parametrize("bundle", ["crnngan-jazz/1.0.0", "melody-folk"])
def test_bundles_of_both_families_compose_for_the_evaluation(bundle: str) -> None:
    directory = Path(__file__).parents[3] / "models" / bundle
    directory = directory if directory.name[0].isdigit() else sorted(directory.iterdir())[-1]
    style = "jazz" if "jazz" in bundle else "jigs"
    one, two = composed_scores(directory, 2, (style,))
    assert (one.style, len({one.work, two.work})) == (style, 2)
    assert min(len(one), len(two)) > 100
    again = composed_scores(directory, 2, (style,))[0]
    assert (again.pitch == one.pitch).all()
    assert [str(meter) for meter in one.meters] == ([] if style == "jazz" else ["6/8"])
