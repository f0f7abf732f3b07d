"""Advice states what was measured."""

import re
from pathlib import Path

import pytest
from euterpe_generator.models.loader import load_model
from euterpe_generator.models.measured_advice import MEASURED_ADVICE

ROOT = Path(__file__).parents[4]


def measured(model: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the numbers of pieces and the shares in percent of the study's table, by strategy and temperature."""
    lines = (ROOT / "docs/studies/collapse.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith(f"| {model} ")]
    return {(row[1], row[2]): (int(row[3]), int(row[-1].removesuffix("%"))) for row in rows}


@pytest.mark.parametrize("model", list(MEASURED_ADVICE))
def test_advice_states_the_shares_of_the_study(model: str) -> None:
    study, advice = measured(model), MEASURED_ADVICE[model]
    shares = {row: share for row, (_, share) in study.items()}
    stated = re.findall(r"(\d+) % at ([\d.]+\d)", advice["temperature"])
    assert len(stated) == 5
    assert {("top_p", temperature): int(share) for share, temperature in stated}.items() <= shares.items()
    ((greedy, beam, pieces),) = re.findall(r"(\d+) and (\d+) of (\d+) measured ones", advice["strategy"])
    found = [(int(pieces), round(100 * int(count) / int(pieces))) for count in (greedy, beam)]
    assert found == [study["greedy", "–"], study["beam", "–"]]


@pytest.mark.parametrize("model", list(MEASURED_ADVICE))
def test_models_offer_their_measured_advice(model: str) -> None:
    offered = load_model(ROOT / "models" / model.replace("@", "/"), 1).sampling.parameters
    advice = {parameter.name: parameter.advice for parameter in offered}
    assert MEASURED_ADVICE[model].items() <= advice.items()
