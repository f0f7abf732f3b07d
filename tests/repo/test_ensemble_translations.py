"""The texts of ensemble models have Spanish translations before the first such model is released."""

import re
from pathlib import Path

from euterpe_music.ensemble_parameters import ensemble_parameters

TEXTS = Path(__file__).resolve().parents[2] / "web/src/app/core/text"
_KEY = re.compile(r"^ {2}(?:'([^']+)'|\"([^\"]+)\"|([\w-]+)):", re.M)


def test_all_texts_of_ensemble_parameters_are_translated() -> None:
    known = {"".join(groups) for path in TEXTS.glob("spanish-*.ts") for groups in _KEY.findall(path.read_text())}
    parameters = ensemble_parameters(styles=(), meters=())
    texts = {text for one in parameters for text in (one.label, one.advice, one.unit)}
    texts |= {choice for one in parameters if one.name in ("parts", "density") for choice in one.choices}
    assert {text.lower() for text in texts - {""}} - known == set()
