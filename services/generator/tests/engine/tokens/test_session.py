"""Token networks in any company: every piece as it is alone, whatever its settings, whoever joins and leaves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from euterpe_generator.engine.request import Advanced, Array, Broken, Finished, Request, Stopped
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.engine.tokens.network import StepNetwork
from euterpe_generator.engine.tokens.plan import Choosing, Part, Plan, Tokens
from euterpe_generator.engine.tokens.session import TokenSession
from euterpe_music.bundle import MelodyBundle
from euterpe_music.tokens import Form, conditioning_table, fill_bar_lag_tokens
from euterpe_test_kit.melodies import melody_bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STEPS = 24
KINDS = (
    Choosing(top_k=1),
    Choosing(),
    Choosing(temperature=0.7, top_k=5),
    Choosing(top_p=0.8, repetition_penalty=1.5),
    Choosing(beam_width=3),
    Choosing(top_k=9, top_p=0.9, repetition_window=4, repetition_penalty=1.2),
    Choosing(beam_width=4, beam_groups=2, beam_diversity=1.0),
)
DURATIONS = np.array([0, 0, 6, 12, 24, 18, 8, 48])


@pytest.fixture(scope="module", params=[1, 2])
def bundle(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> MelodyBundle:
    return melody_bundle(tmp_path_factory.mktemp("models"), encoding=request.param)


def session(bundle: MelodyBundle, rows: int) -> TokenSession:
    graphs = bundle.manifest.graphs
    networks = [StepNetwork(bundle.graph(name, "fp32"), graphs[name], lanes=rows) for name in sorted(graphs)[::-1]]
    made = TokenSession(networks, rows=rows)
    made.warm_up()
    return made


@pytest.fixture(scope="module")
def small_session(bundle: MelodyBundle) -> TokenSession:
    return session(bundle, 3)


def plan(bundle: MelodyBundle, choosing: Choosing, steps: int = STEPS, given: int = 0) -> Plan:
    """Melody and accompaniment; the accompaniment is told what the melody's tokens were."""
    parts = []
    for number, name in enumerate(("melody", "accompaniment")):
        graph = bundle.manifest.graphs[name]
        sizes = [one.size for one in graph.vocabularies]
        legal = np.ones(sum(sizes), np.bool_)
        for low in np.cumsum([0, *sizes[:-1]]):
            legal[low : low + 2] = False
        timed = len(sizes) == 2
        parts.append(Part(
            network=number, steps=steps, end=steps * (6 if timed else 1), legal=legal,
            opening=np.ones_like(legal), exempt=np.zeros_like(legal),
            given=np.full((given if number == 0 else 0, len(sizes)), 3), choosing=choosing,
            conditions=lambda before, columns=graph.conditions: _told(before, columns, steps),
            durations=DURATIONS if timed else None, unit=6 if timed else 1,
        ))  # fmt: skip
    return Plan(tuple(parts))


def _told(before: Any, columns: Any, steps: int) -> Tokens:
    told = np.stack([np.arange(steps) % one.size for one in columns], axis=1)
    for tokens in before:
        told[: len(tokens), -1] = tokens[:steps, 0]
    return told


def compose(bundle: MelodyBundle, requests: list[Request], rows: int, joins: int = 10**9) -> dict[str, Array]:
    scheduler = Scheduler(session(bundle, rows), max_steps=2 * STEPS, chunk_steps=(2, 7))
    todo, finished = list(requests), {}
    while todo or not scheduler.idle:
        for request in todo[:joins]:
            scheduler.submit(request)
        todo = todo[joins:]
        for update in scheduler.step():
            assert not isinstance(update, Broken), update
            if isinstance(update, Finished):
                finished[update.id] = update.events
        scheduler.check_integrity()
    return finished


def requested(bundle: MelodyBundle, count: int) -> list[Request]:
    made = []
    for number in range(count):
        wanted = plan(bundle, KINDS[number % len(KINDS)], steps=STEPS - number % 5, given=number % 3)
        made.append(Request(str(number), f"{number % 4}", seed=number, steps=wanted.steps, given=wanted))
    return made


_ALONE: dict[tuple[Path, int], bytes] = {}


def alone(bundle: MelodyBundle, number: int) -> bytes:
    key = (bundle.directory, number)
    if key not in _ALONE:
        [events] = compose(bundle, [requested(bundle, number + 1)[number]], rows=1).values()
        _ALONE[key] = events.tobytes()
    return _ALONE[key]


@pytest.mark.parametrize("width", [1, 2, 7, 64, 256])
def test_a_piece_is_the_same_alone_and_in_any_batch(bundle: MelodyBundle, width: int) -> None:
    together = compose(bundle, requested(bundle, width), rows=256)
    for number in range(min(width, 2 * len(KINDS))):
        assert together[str(number)].tobytes() == alone(bundle, number)


def test_pieces_are_the_same_when_they_join_and_leave_at_random(bundle: MelodyBundle) -> None:
    together = compose(bundle, requested(bundle, 21), rows=5, joins=1)
    assert all(together[str(number)].tobytes() == alone(bundle, number) for number in range(2 * len(KINDS)))


def test_seeds_matter_where_something_is_drawn_and_only_there(bundle: MelodyBundle) -> None:
    for choosing in KINDS:
        wanted = plan(bundle, choosing)
        pieces = compose(bundle, [Request(str(s), "a", seed=s, steps=wanted.steps, given=wanted) for s in (1, 2)], 2)
        drawn = choosing.top_k != 1 and choosing.beam_width == 1
        assert (pieces["1"].tobytes() != pieces["2"].tobytes()) == drawn


def test_a_piece_has_both_parts_begins_as_given_and_keeps_to_its_time(bundle: MelodyBundle) -> None:
    for number, events in compose(bundle, requested(bundle, 14), rows=14).items():
        length, given = STEPS - int(number) % 5, int(number) % 3
        assert set(events[:, 0].tolist()) == {0.0, 1.0}
        assert (np.diff(events[:, 0]) >= 0).all()
        assert (events[:given, 1:] == 3).all()
        assert (events[given:, 1:] >= 2).all(), "a token that is never composed"
        for part in (0, 1):
            tokens = events[events[:, 0] == part][:, 1:].astype(int)
            if tokens.shape[1] == 1:
                assert len(tokens) == length
            else:
                assert DURATIONS[tokens[:, 1]].sum() >= length * 6 or len(tokens) == length
                assert DURATIONS[tokens[:, 1]][:-1].sum() < length * 6


@pytest.mark.parametrize("width", [1, 3])
def test_echoes_are_the_piece_s_own_words(tmp_path: Path, width: int) -> None:
    bundle = melody_bundle(tmp_path, encoding=1)
    graph = bundle.manifest.graphs["melody"]
    columns = [info.column for info in graph.conditions]
    assert columns[0].name == "echo"
    steps = 2 * STEPS
    table = conditioning_table(columns, Form(steps))
    wanted = plan(bundle, Choosing(beam_width=width, top_k=1), steps=steps)
    part = replace(wanted.parts[0], conditions=lambda _: table)
    [events] = compose(bundle, [Request("a", "a", seed=1, steps=steps, given=Plan((part,)))], rows=2).values()
    composed = events[:, 1].astype(np.int64)
    # Told the same words, every token of a greedy piece is the likeliest; a beam's is at least one of its width.
    network = StepNetwork(bundle.graph("melody", "fp32"), graph, lanes=2)
    network.select(np.array([-1, -1]))
    told = np.repeat(fill_bar_lag_tokens(table, (0,), composed[None], np.zeros(steps, np.int64))[:, None], 2, axis=1)
    assert (told[16:, 0, 0] == composed[:-16]).all()
    before = 0
    for step, token in enumerate(composed.tolist()):
        logits = network.step(np.array([[before], [before]]), told[step])[0]
        rank = (np.where(part.legal, logits, -np.inf) > logits[token]).sum()
        assert rank < 2 * width if width > 1 else rank == 0
        before = token


def test_a_search_tells_what_is_certain_before_its_end_and_takes_nothing_back(bundle: MelodyBundle) -> None:
    wanted = plan(bundle, Choosing(beam_width=3), given=2)
    scheduler = Scheduler(session(bundle, 2), max_steps=2 * STEPS, chunk_steps=(1, 1))
    scheduler.submit(Request("a", "a", seed=1, steps=wanted.steps, given=wanted))
    scheduler.watch("a")
    told: list[Array] = []
    whole = np.zeros((0, 0), np.float32)
    while not scheduler.idle:
        for update in scheduler.step():
            if isinstance(update, Advanced):
                told.append(update.events[~np.isnan(update.events[:, 0])])
            elif isinstance(update, Finished):
                whole = update.events
    before_the_end = np.concatenate(told)
    assert whole[: len(before_the_end)].tolist() == before_the_end.tolist()
    assert len(before_the_end) > len(whole) / 3
    assert len(told[0]) + len(told[1]) == 2, "what was given is certain at once"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 13), st.sampled_from(["join", "step", "cancel"])), min_size=5, max_size=40
    )
)  # fmt: skip
def test_whatever_joins_and_is_cancelled_no_piece_changes(
    bundle: MelodyBundle, small_session: TokenSession, actions: list[tuple[int, str]]
) -> None:
    scheduler = Scheduler(small_session, max_steps=2 * STEPS, chunk_steps=(1, 3))
    requests = requested(bundle, 14)
    open_pieces: set[str] = set()

    def take(updates: list[Any]) -> None:
        for update in updates:
            if isinstance(update, Finished | Stopped):
                open_pieces.discard(update.id)
                whole = alone(bundle, int(update.id.split("-")[0]))
                if isinstance(update, Finished):
                    assert update.events.tobytes() == whole
                elif KINDS[int(update.id.split("-")[0]) % len(KINDS)].beam_width == 1:
                    assert whole.startswith(update.events.tobytes())

    for turn, (number, action) in enumerate(actions):
        if action == "join":
            request = requests[number]
            scheduler.submit(Request(f"{number}-{turn}", "a", request.seed, request.steps, request.given))
            open_pieces.add(f"{number}-{turn}")
        elif action == "cancel" and open_pieces:
            take(scheduler.cancel(sorted(open_pieces)[number % len(open_pieces)]))
        take(scheduler.step())
        scheduler.check_integrity()
    while not scheduler.idle:
        take(scheduler.step())
    assert not open_pieces


def test_where_narrow_batches_differ_they_are_filled_up(bundle: MelodyBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = bundle.manifest.graphs["melody"]
    network = StepNetwork(bundle.graph("melody", "fp32"), graph, lanes=8)
    plain = network.step

    def uneven(tokens: Tokens, conditions: Tokens | None) -> Array:
        logits = plain(tokens, conditions)
        return logits + np.float32(1e-6) * (len(network._logits) < 3)

    monkeypatch.setattr(network, "step", uneven)
    network.warm_up()
    network.select(np.array([-1]))
    assert len(network._logits) == 3


def test_a_graph_whose_rows_depend_on_each_other_is_refused(bundle: MelodyBundle) -> None:
    model = onnx.load_from_string(bundle.graph("melody", "fp32"))
    last = next(node for node in model.graph.node if node.output[0] == "logits")
    last.output[0] = "plain"
    # As a scale that is found over the whole batch: every row is moved by what the largest one says.
    model.graph.node.append(onnx.helper.make_node("ReduceMax", ["plain"], ["largest"], axes=[0], keepdims=1))
    model.graph.node.append(onnx.helper.make_node("Add", ["plain", "largest"], ["logits"]))
    network = StepNetwork(model.SerializeToString(), bundle.manifest.graphs["melody"], lanes=8)
    with pytest.raises(ValueError, match="depend on each other"):
        network.warm_up()
