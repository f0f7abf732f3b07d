"""Controls belong to a row: they move with it and do not affect other rows."""

from pathlib import Path

import numpy as np
import pytest
from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.engine.request import Array, Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_music.bundle import Bundle, load_bundle
from euterpe_test_kit.networks import controlled_bundle

DATA = Path(__file__).parents[4] / "packages/music/tests/data"
CONTROLS = [{"style": "calm"}, {"style": "lively", "swing": 0.7}, {"density": 0.1, "voices": 3}, {"loud": True}]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return controlled_bundle(tmp_path_factory.mktemp("models"), load_bundle(DATA / "tiny/0.0.1"))


def compose(bundle: Bundle, requests: list[Request], rows: int) -> dict[str, Array]:
    session = OnnxSession(bundle.model, bundle.manifest.graph, rows=rows)
    session.warm_up()
    scheduler = Scheduler(session, max_steps=60, chunk_steps=(3, 5))
    for request in requests:
        scheduler.submit(request)
    finished = {}
    while not scheduler.idle:
        finished |= {update.id: update.events for update in scheduler.step() if isinstance(update, Finished)}
        scheduler.check_integrity()
    return finished


def test_a_row_keeps_its_controls_in_any_batch(bundle: Bundle) -> None:
    controls = [bundle.manifest.control_vector(values) for values in CONTROLS]
    requests = [
        Request(f"{number}", f"{number % 3}", seed=1, steps=20 + number, inputs=controls[number % len(controls)])
        for number in range(20)
    ]
    together = compose(bundle, requests, rows=6)
    for request in requests:
        assert np.array_equal(together[request.id], compose(bundle, [request], rows=1)[request.id])
    # One seed with four sets of controls gives four pieces.
    assert len({together[f"{number}"][:20].tobytes() for number in range(4)}) == len(CONTROLS)


def test_the_control_vector_follows_the_manifest(bundle: Bundle) -> None:
    checked = bundle.manifest.sampling.check({"style": "lively", "density": 0.75, "voices": 3, "swing": 0.25})
    assert bundle.manifest.control_vector(checked).tolist() == [0, 1, 0.5, 0, 1, 0.25]
    assert bundle.manifest.control_vector({}).tolist() == [1, 0, 0, 0, 0, 0]
