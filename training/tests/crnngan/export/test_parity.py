"""ONNX Runtime against PyTorch: the exported graph computes what was trained."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from euterpe_training.crnngan.export.generator_graph import build_generator
from euterpe_training.crnngan.export.int8 import to_int8
from euterpe_training.crnngan.export.torch_weights import generator_weights
from euterpe_training.crnngan.models.crnngan import Generator
from numpy.typing import NDArray

STEPS, BATCH = 100, 5


class Case:
    def __init__(self, layers: int, features: int, slow_ticks: int = 0) -> None:
        torch.manual_seed(3)
        self.g = Generator(features, 8, 48, layers, init_scale=0.25, slow_ticks=slow_ticks)
        self.session = onnxruntime.InferenceSession(build_generator(generator_weights(self.g)))
        random = np.random.default_rng(0)
        self.noise = random.random((STEPS, BATCH, 8), np.float32)
        state = np.zeros((layers, BATCH, 48), np.float32)
        self.start = {"previous": random.random((BATCH, features), np.float32), "h": state, "c": state}
        if slow_ticks:
            slow = np.zeros((1, BATCH, 48), np.float32)
            self.start |= {"slow_h": slow, "slow_c": slow, "tick": np.zeros((BATCH, 1), np.float32)}

    def run(self, noise: NDArray[np.float32], state: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        return self.session.run(["events", *(f"{name}_out" for name in state)], {"noise": noise, **state})


@pytest.fixture(
    scope="module", params=[(1, 4), (2, 4, 6), (3, 10)], ids=["1-layer", "2-layers-slow", "3-layers-3-tones"]
)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(*request.param)


def test_a_hundred_steps_equal_torchs(case: Case) -> None:
    with torch.no_grad():
        noise, previous = torch.from_numpy(case.noise), torch.from_numpy(case.start["previous"])
        events, last, state = case.g.generate(noise, previous)
    found = case.run(case.noise, case.start)
    assert np.abs(found[0]).max() > 0.05
    for ours, theirs in zip(found, (events, last, state.h, state.c), strict=False):
        assert np.abs(ours - theirs.numpy()).max() < 1e-4


@pytest.mark.parametrize("chunk", [1, 7, 32])
def test_chunks_equal_one_call_bit_for_bit(case: Case, chunk: int) -> None:
    whole = case.run(case.noise, case.start)
    state, parts = case.start, []
    for at in range(0, STEPS, chunk):
        events, *after = case.run(case.noise[at : at + chunk], state)
        state = dict(zip(state, after, strict=True))
        parts.append(events)
    assert np.array_equal(np.concatenate(parts), whole[0])
    assert all(np.array_equal(*pair) for pair in zip(state.values(), whole[1:], strict=True))


def test_equal_weights_give_equal_bytes(case: Case) -> None:
    assert build_generator(generator_weights(case.g)) == build_generator(generator_weights(case.g))


def test_int8_is_close_to_fp32(case: Case) -> None:
    """Small errors accumulate to different pieces, so only the beginning is compared."""
    session = onnxruntime.InferenceSession(to_int8(build_generator(generator_weights(case.g))))
    exact, near = (one.run(["events"], {"noise": case.noise, **case.start})[0] for one in (case.session, session))
    exact, near = exact[:20], near[:20]
    assert (np.abs(near - exact).mean(axis=(0, 1)) < 0.1 * exact.std(axis=(0, 1))).all()
    assert not np.array_equal(near, exact)


def test_a_piece_in_int8_does_not_depend_on_its_batch(case: Case) -> None:
    session = onnxruntime.InferenceSession(to_int8(build_generator(generator_weights(case.g))))
    alone = {name: value[..., :1, :] for name, value in case.start.items()}
    together = session.run(["events"], {"noise": case.noise, **case.start})[0]
    assert np.array_equal(session.run(["events"], {"noise": case.noise[:, :1], **alone})[0], together[:, :1])


def test_a_graph_without_recurrence_has_no_int8_variant() -> None:
    import onnx

    node = onnx.helper.make_node("Identity", ["a"], ["b"])
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "ab"]
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "plain", ends[:1], ends[1:]))
    with pytest.raises(ValueError, match="no LSTM"):
        to_int8(model.SerializeToString())


def test_the_committed_tiny_bundle_is_reproducible(tmp_path: Path) -> None:
    import runpy
    import shutil

    data = Path(__file__).resolve().parents[4] / "packages" / "music" / "tests" / "data"
    script = shutil.copy(data / "generate_tiny.py", tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    for name in ("model.onnx", "model.int8.onnx", "manifest.json"):
        assert (tmp_path / "tiny" / "0.0.1" / name).read_bytes() == (data / "tiny" / "0.0.1" / name).read_bytes()
