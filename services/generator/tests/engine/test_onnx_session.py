"""The session on a real graph: chunks, batch widths and moves do not change any piece."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from euterpe_generator.engine.noise import piece_noise
from euterpe_generator.engine.onnx_session import OnnxSession
from euterpe_generator.engine.request import Array, Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_music.bundle import Bundle, load_bundle
from onnx import TensorProto, helper

DATA = Path(__file__).parents[4] / "packages/music/tests/data"
STEPS = 48


@pytest.fixture(scope="module", params=["fp32", "int8"])
def bundle(request: pytest.FixtureRequest) -> Bundle:
    tiny = load_bundle(next(DATA.glob("tiny/*")))
    return replace(tiny, model=tiny.graph(request.param))


def make(bundle: Bundle, rows: int) -> OnnxSession:
    session = OnnxSession(bundle.model, bundle.manifest.graph, rows=rows)
    session.warm_up()
    return session


def compose(session: OnnxSession, seeds: list[int], chunk: int) -> Array:
    """Compose one batch in chunks → [seeds, STEPS, features]."""
    noises = []
    for row, seed in enumerate(seeds):
        initial, noise = piece_noise(
            seed, initial_size=session.initial_size, noise_size=session.noise_size, steps=STEPS
        )
        session.reset(row, initial)
        noises.append(noise)
    noise = np.stack(noises, axis=1)
    chunks = [session.advance(noise[first : first + chunk]) for first in range(0, STEPS, chunk)]
    return np.concatenate(chunks).transpose(1, 0, 2)


@pytest.mark.parametrize("width", [1, 2, 7, 64, 256])
@pytest.mark.parametrize("chunk", [1, 5, STEPS])
def test_a_piece_is_the_same_alone_and_in_any_batch(bundle: Bundle, width: int, chunk: int) -> None:
    session = make(bundle, rows=256)
    alone = compose(make(bundle, rows=1), [0], STEPS)[0]
    together = compose(session, list(range(width)), chunk)
    assert np.array_equal(together[0], alone)
    assert len(np.unique(together.reshape(width, -1), axis=0)) == width


def test_pieces_are_the_same_when_they_join_and_leave_at_random(bundle: Bundle) -> None:
    scheduler = Scheduler(make(bundle, rows=5), max_steps=STEPS, chunk_steps=(3, 7))
    random = np.random.default_rng(1)
    requests = [Request(str(seed), "a", seed=seed, steps=int(random.integers(1, STEPS + 1))) for seed in range(40)]
    todo, finished = list(requests), {}
    while todo or not scheduler.idle:
        for _ in range(min(len(todo), int(random.integers(0, 3)))):
            scheduler.submit(todo.pop(0))
        finished |= {update.id: update.events for update in scheduler.step() if isinstance(update, Finished)}
        scheduler.check_integrity()
    alone = make(bundle, rows=1)
    for request in requests:
        whole = compose(alone, [request.seed], STEPS)[0]
        assert np.array_equal(finished[request.id], whole[: request.steps])


def test_batches_are_padded_if_results_depend_on_the_width(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    session = OnnxSession(bundle.model, bundle.manifest.graph, rows=8)
    widths = []
    run = session._run

    def uneven(feed: dict[str, Any]) -> list[Any]:
        """Simulate a runtime whose states differ slightly for a batch of one."""
        width = feed[bundle.manifest.graph.noise].shape()[1]
        widths.append(width)
        *rest, last = run(feed)
        return [*rest, ort.OrtValue.ortvalue_from_numpy(last.numpy() + np.float32(1e-6) * (width == 1))]

    monkeypatch.setattr(session, "_run", uneven)
    session.warm_up()
    widths.clear()
    compose(session, [1], STEPS)
    assert set(widths) == {8}


def mean_pitch_critic() -> bytes:
    """A critic whose score is the mean of the pitches of a piece."""
    nodes = [
        helper.make_node("Gather", ["events", "pitch"], ["pitches"], axis=1),
        helper.make_node("ReduceMean", ["pitches"], ["score"], axes=[0], keepdims=0),
    ]
    source = helper.make_tensor_value_info("events", TensorProto.FLOAT, ["events", 4])
    score = helper.make_tensor_value_info("score", TensorProto.FLOAT, [1])
    column = helper.make_tensor("pitch", TensorProto.INT64, [1], [2])
    graph = helper.make_graph(nodes, "critic", [source], [score], [column])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def test_the_critic_of_a_bundle_selects_the_best_candidate(bundle: Bundle) -> None:
    def best(candidates: int, critic: bytes | None) -> Finished:
        session = OnnxSession(bundle.model, bundle.manifest.graph, rows=8, critic=critic)
        running = Scheduler(session, max_steps=STEPS)
        running.submit(Request("a", "a", 5, STEPS, candidates=candidates))
        updates = []
        while not running.idle:
            updates += running.step()
        [found] = [update for update in updates if isinstance(update, Finished)]
        return found

    found = best(6, mean_pitch_critic())
    assert found.score == pytest.approx(found.events[:, 2].mean(), abs=1e-5)
    assert found.score > best(1, mean_pitch_critic()).score
    assert np.array_equal(best(6, None).events, best(1, None).events)
