"""Note events in the engine: equal pieces in any company, whole bars, and cancellation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from euterpe_generator.engine.ensemble.critic import Critic
from euterpe_generator.engine.ensemble.network import EnsembleNetwork
from euterpe_generator.engine.ensemble.plan import EnsemblePlan
from euterpe_generator.engine.ensemble.session import EnsembleSession
from euterpe_generator.engine.request import Advanced, Array, Cancelled, Failed, Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.models.ensemble_adapter import EnsembleAdapter
from euterpe_music.bundle import EnsembleBundle, load_any_bundle
from euterpe_music.note_events.critic_features import CRITIC_FEATURES
from euterpe_music.note_events.cursor_batch import Integers
from euterpe_music.note_events.figure_memory import FigureMemory
from euterpe_music.note_events.instruments import DRUM_PART, part_number
from euterpe_music.note_events.spec import BAR, COLUMN_SIZES, END, METERS, PART_OFFSET, PITCH_OFFSET
from onnx import TensorProto, helper, numpy_helper

TINY = Path(__file__).parents[2] / "data/tiny-ensemble/0.0.1"
SETTINGS: list[dict[str, Any]] = [
    {},
    {"parts": "violin, violin, cello", "bars": 6, "meter": "3/4"},
    {"style": "folk", "chords": "C | G7 Am", "key": "C major", "temperature": 0.7},
    {"parts": "piano, drums", "density": "high", "tempo": 90, "top_p": 0.5, "bars": 8},
    {"bars": 3, "polyphony": "2", "top_p": 1.0},
]


@pytest.fixture(scope="module")
def bundle() -> EnsembleBundle:
    bundle = load_any_bundle(TINY)
    assert isinstance(bundle, EnsembleBundle)
    return bundle


def plan(bundle: EnsembleBundle, **settings: Any) -> EnsemblePlan:
    parameters = bundle.manifest.sampling.check({"bars": 4, **settings})
    return replace(EnsembleAdapter(bundle).session_inputs(parameters, None), figure_strength=1.5)


def scheduler(bundle: EnsembleBundle, rows: int) -> Scheduler:
    session = EnsembleSession(EnsembleNetwork(bundle, "int8", rows=rows), rows=rows)
    session.warm_up()
    return Scheduler(session, max_steps=2_000, chunk_steps=(2, 7))


def requests(bundle: EnsembleBundle, count: int) -> list[Request]:
    plans = [plan(bundle, **SETTINGS[number % len(SETTINGS)]) for number in range(count)]
    return [Request(str(n), f"{n % 4}", seed=n, steps=each.steps, inputs=each) for n, each in enumerate(plans)]


def compose(bundle: EnsembleBundle, wanted: list[Request], rows: int, joins: int = 10**9) -> dict[str, Array]:
    running, todo, finished = scheduler(bundle, rows), list(wanted), {}
    while todo or not running.idle:
        for request in todo[:joins]:
            running.submit(request)
        todo = todo[joins:]
        for update in running.step():
            assert not isinstance(update, Failed), update
            if isinstance(update, Finished):
                finished[update.id] = update.events
        running.check_integrity()
    return finished


@pytest.fixture(scope="module")
def alone(bundle: EnsembleBundle) -> list[bytes]:
    """Return the events of each kind of piece, composed alone."""
    return [compose(bundle, [one], rows=1)[one.id].tobytes() for one in requests(bundle, len(SETTINGS))]


@pytest.mark.parametrize("width", [2, 5, 33])
def test_a_piece_is_the_same_alone_and_in_any_batch(bundle: EnsembleBundle, alone: list[bytes], width: int) -> None:
    together = compose(bundle, requests(bundle, width), rows=64)
    assert [together[str(n)].tobytes() for n in range(min(width, len(alone)))] == alone[:width]


def test_pieces_are_the_same_when_they_join_and_leave_at_random(bundle: EnsembleBundle, alone: list[bytes]) -> None:
    together = compose(bundle, requests(bundle, 12), rows=3, joins=1)
    assert [together[str(n)].tobytes() for n in range(len(alone))] == alone
    assert len({events.tobytes() for events in together.values()}) == 12


def test_each_column_has_its_own_temperature(bundle: EnsembleBundle) -> None:
    """Almost without temperature, the likeliest velocity follows; other columns stay as varied as before."""
    plain = plan(bundle, bars=12, parts="piano, flute", density="high", top_p=1.0)
    cold = replace(plain, temperatures=(1.0, 1.0, 1.0, 1.0, 1e-3))
    found = []
    for one in (plain, cold):
        events = compose(bundle, [Request("a", "a", 3, one.steps, one)], rows=1)["a"]
        notes = events[events[:, 1] < BAR]
        found.append([len(np.unique(notes[:, column])) for column in (3, 5)])
    assert found[1][1] < 0.8 * found[0][1]
    assert found[1][0] > found[0][0] / 2


def test_pitches_that_complete_a_figure_become_likelier(
    bundle: EnsembleBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pieces of the small network are too short and too random to repeat a figure."""

    def bias(self: FigureMemory, parts: Integers, strengths: Array) -> Array:
        found = np.zeros((len(parts), COLUMN_SIZES[2]), np.float32)
        found[:, PITCH_OFFSET + 60] = 100 * strengths
        return found

    monkeypatch.setattr(FigureMemory, "bias", bias)
    pitches = []
    for strength in (0.0, 1.0):
        one = replace(plan(bundle, parts="piano"), figure_strength=strength)
        events = compose(bundle, [Request("a", "a", 3, one.steps, one)], rows=1)["a"]
        pitches.append(np.mean(events[events[:, 1] < BAR][:, 3] == PITCH_OFFSET + 60))
    # A pitch is struck once at a time, so that those of chords differ.
    assert pitches[0] < 0.2
    assert pitches[1] > 0.6


def test_a_piece_has_the_bars_and_parts_that_were_asked_for(bundle: EnsembleBundle) -> None:
    pieces = compose(bundle, requests(bundle, 4), rows=4)
    strings, drums = pieces["1"], pieces["3"]
    lines = strings[strings[:, 1] == BAR]
    assert lines[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert strings[-1, 1] == END
    notes = strings[strings[:, 1] < BAR]
    assert len(notes) > 5
    assert notes[:, 1].max() < 72
    violin, cello = part_number(44, 0), part_number(46, 0)
    assert set((notes[:, 2] - PART_OFFSET).tolist()) <= {violin, violin + 1, cello}
    meters = {int(meter) for meter in lines[:, 2]}
    assert meters == {PART_OFFSET + 68 + METERS.index((3, 4))}
    assert DRUM_PART in set((drums[drums[:, 1] < BAR][:, 2] - PART_OFFSET).tolist())


def test_a_cancelled_piece_keeps_what_was_composed_and_does_not_change_the_others(
    bundle: EnsembleBundle, alone: list[bytes]
) -> None:
    running = scheduler(bundle, 4)
    for request in requests(bundle, 3):
        running.submit(request)
    running.watch("0")
    live: list[Array] = []
    for _ in range(3):
        live += [update.events for update in running.step() if isinstance(update, Advanced)]
    running.cancel("0")
    ended = {}
    while not running.idle:
        for update in running.step():
            if isinstance(update, Finished | Cancelled):
                ended[update.id] = update.events
    assert ended["0"].tobytes() == alone[0][: ended["0"].nbytes]
    assert np.concatenate(live).tobytes() == ended["0"].tobytes()
    assert [ended[str(n)].tobytes() for n in (1, 2)] == alone[1:3]


def test_the_most_likely_of_several_candidates_is_kept(bundle: EnsembleBundle, alone: list[bytes]) -> None:
    wanted = plan(bundle, **SETTINGS[0], candidates=4)
    best: list[Finished] = []
    for candidates in (1, 2, 4):
        running = scheduler(bundle, 5)
        running.submit(Request("0", "a", 0, wanted.steps, wanted, candidates))
        while not running.idle:
            best += [update for update in running.step() if isinstance(update, Finished)]
    assert best[0].events.tobytes() == alone[0]
    assert best[0].score <= best[1].score <= best[2].score < 0
    assert len({one.events.tobytes() for one in best}) > 1


def highest_register() -> Critic:
    """Return a critic that prefers high notes."""
    register = [name for name, _ in CRITIC_FEATURES].index("register")
    nodes = [
        helper.make_node("Gather", ["features", "column"], ["registers"], axis=1),
        helper.make_node("Cast", ["registers"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["mean"], axes=[0], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "first"], ["score"]),
    ]
    constants = {"column": np.array(register, np.int64), "first": np.array([0], np.int64)}
    graph = helper.make_graph(
        nodes, "critic",
        [helper.make_tensor_value_info("features", TensorProto.INT64, ["notes", len(CRITIC_FEATURES)])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [1])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return Critic(model.SerializeToString())


def test_the_candidate_that_the_critic_prefers_is_kept(bundle: EnsembleBundle) -> None:
    wanted = plan(bundle, **SETTINGS[1], candidates=4)
    critic = highest_register()
    best: list[Finished] = []
    for candidates in (1, 2, 4):
        session = EnsembleSession(EnsembleNetwork(bundle, "int8", rows=5), rows=5, critic=critic)
        running = Scheduler(session, max_steps=2_000)
        running.submit(Request("0", "a", 6, wanted.steps, wanted, candidates))
        while not running.idle:
            best += [update for update in running.step() if isinstance(update, Finished)]
    pitches = [one.events[(one.events[:, 1] < BAR) & (one.events[:, 3] > 0), 3] for one in best]
    registers = [float(np.mean((each - PITCH_OFFSET) // 4)) for each in pitches]
    assert [one.score for one in best] == pytest.approx(registers)
    assert registers[0] <= registers[1] <= registers[2]
    assert registers[2] > registers[0]


class ReluctantNetwork(EnsembleNetwork):
    """Leaves the cello out, as networks do with instruments that no corpus has together."""

    def head(self, column: int, entries: Array, chosen: Integers, history: Integers) -> Array:
        logits = super().head(column, entries, chosen, history)
        if column == 1:
            logits[:, PART_OFFSET + part_number(46, 0)] -= 9
        return logits


def test_instruments_that_are_asked_for_play_even_if_the_network_leaves_them_out(bundle: EnsembleBundle) -> None:
    session = EnsembleSession(ReluctantNetwork(bundle, "int8", rows=4), rows=4)
    running = Scheduler(session, max_steps=9_000)
    asked = plan(bundle, parts="violin, cello", bars=16, meter="4/4")
    for seed in range(4):
        running.submit(Request(str(seed), "a", seed=seed, steps=asked.steps, inputs=asked))
    finished = []
    while not running.idle:
        finished += [update.events for update in running.step() if isinstance(update, Finished)]
    cello = PART_OFFSET + part_number(46, 0)
    played = [np.unique(events[(events[:, 1] < BAR) & (events[:, 2] == cello), 0]) for events in finished]
    assert all(len(bars) for bars in played), played
    # It has waited for some bars, as an instrument may rest.
    assert min(bars.min() for bars in played) >= 2


class SilentNetwork(EnsembleNetwork):
    """Ends every bar at once."""

    def head(self, column: int, entries: Array, chosen: Integers, history: Integers) -> Array:
        logits = super().head(column, entries, chosen, history)
        if column == 0:
            logits[:, [BAR, END]] += 50
        return logits


def test_no_more_than_two_bars_are_empty_one_after_another_and_the_first_is_not(bundle: EnsembleBundle) -> None:
    session = EnsembleSession(SilentNetwork(bundle, "int8", rows=2), rows=2)
    running = Scheduler(session, max_steps=9_000)
    asked = plan(bundle, bars=16, meter="4/4")
    for seed in range(2):
        running.submit(Request(str(seed), "a", seed=seed, steps=asked.steps, inputs=asked))
    while not running.idle:
        for update in running.step():
            if isinstance(update, Finished):
                notes = update.events[update.events[:, 1] < BAR]
                assert np.unique(notes[:, 0]).tolist() == [0, 3, 6, 9, 12, 15]
