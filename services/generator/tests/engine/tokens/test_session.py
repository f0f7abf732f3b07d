"""Token networks in batches: a piece does not depend on the rest of its batch, or on who joins and leaves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from euterpe_generator.engine.request import Advanced, Array, Cancelled, Failed, Finished, Request
from euterpe_generator.engine.scheduler import Scheduler
from euterpe_generator.engine.tokens.network import StepNetwork
from euterpe_generator.engine.tokens.plan import Ending, Part, Plan, SamplingParams, Tokens
from euterpe_generator.engine.tokens.session import TokenSession
from euterpe_music.bundle import MelodyBundle
from euterpe_music.tokens import Form, conditioning_table, fill_bar_lag_tokens
from euterpe_test_kit.melodies import melody_bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

STEPS = 24
KINDS = (
    SamplingParams(top_k=1),
    SamplingParams(),
    SamplingParams(temperature=0.7, top_k=5),
    SamplingParams(top_p=0.8, repetition_penalty=1.5),
    SamplingParams(beam_width=3),
    SamplingParams(top_k=9, top_p=0.9, repetition_window=4, repetition_penalty=1.2),
    SamplingParams(beam_width=4, beam_groups=2, beam_diversity=1.0),
    SamplingParams(top_k=4, no_repeat_ngram=2),
    SamplingParams(beam_width=3, no_repeat_ngram=3),
)
DURATIONS = np.array([0, 0, 6, 12, 24, 18, 8, 48])


@pytest.fixture(scope="module", params=[1, 2])
def bundle(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> MelodyBundle:
    return melody_bundle(tmp_path_factory.mktemp("models"), encoding=request.param)


def session(bundle: MelodyBundle, rows: int) -> TokenSession:
    graphs = bundle.manifest.graphs
    networks = [
        StepNetwork(bundle.graph(name, "fp32"), graphs[name], max_sequences=rows) for name in sorted(graphs)[::-1]
    ]
    made = TokenSession(networks, rows=rows)
    made.warm_up()
    return made


@pytest.fixture(scope="module")
def small_session(bundle: MelodyBundle) -> TokenSession:
    return session(bundle, 3)


def ending(end: int, tokens: int) -> Ending:
    """Prefer an even last token, or an odd one, at random; half of the endings use only the upper tokens at the end."""

    def rank(previous: Any, generated: Tokens, draw: float) -> float:
        return float(len(generated) > 0 and generated[-1, 0] % 2 == (draw < 0.5))

    return Ending(end // 2, rank, lambda previous, generated, draw: np.arange(tokens) > 4, (end, end, end - 4, 0))


def plan(
    bundle: MelodyBundle, sampling: SamplingParams, steps: int = STEPS, prompt: int = 0, *, has_ending: bool = False
) -> Plan:
    """Melody and accompaniment; the accompaniment is conditioned on the melody's tokens."""
    parts = []
    for number, name in enumerate(("melody", "accompaniment")):
        graph = bundle.manifest.graphs[name]
        sizes = [one.size for one in graph.vocabularies]
        allowed = np.ones(sum(sizes), np.bool_)
        for low in np.cumsum([0, *sizes[:-1]]):
            allowed[low : low + 2] = False
        timed = len(sizes) == 2
        parts.append(Part(
            network=number, steps=steps, end=steps * (6 if timed else 1), allowed=allowed,
            allowed_first=np.ones_like(allowed), penalty_exempt=np.zeros_like(allowed),
            prompt=np.full((prompt if number == 0 else 0, len(sizes)), 3), sampling=sampling,
            conditioning=lambda previous, features=graph.conditions: _conditioning(previous, features, steps),
            durations=DURATIONS if timed else None, units_per_grid_step=6 if timed else 1,
            ending=ending(steps * (6 if timed else 1), sum(sizes)) if has_ending else None,
        ))  # fmt: skip
    return Plan(tuple(parts))


def _conditioning(previous: Any, features: Any, steps: int) -> Tokens:
    conditioning = np.stack([np.arange(steps) % one.size for one in features], axis=1)
    for tokens in previous:
        conditioning[: len(tokens), -1] = tokens[:steps, 0]
    return conditioning


def compose(bundle: MelodyBundle, requests: list[Request], rows: int, joins: int = 10**9) -> dict[str, Array]:
    scheduler = Scheduler(session(bundle, rows), max_steps=2 * STEPS, chunk_steps=(2, 7))
    todo, finished = list(requests), {}
    while todo or not scheduler.idle:
        for request in todo[:joins]:
            scheduler.submit(request)
        todo = todo[joins:]
        for update in scheduler.step():
            assert not isinstance(update, Failed), update
            if isinstance(update, Finished):
                finished[update.id] = update.events
        scheduler.check_integrity()
    return finished


def has_search(number: int) -> bool:
    return KINDS[number % len(KINDS)].beam_width > 1 or number % 2 == 1


def requested(bundle: MelodyBundle, count: int) -> list[Request]:
    made = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        has_ending = has_search(number) and kind.beam_width == 1
        wanted = plan(bundle, kind, steps=STEPS - number % 5, prompt=number % 3, has_ending=has_ending)
        made.append(Request(str(number), f"{number % 4}", seed=number, steps=wanted.steps, inputs=wanted))
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


def test_seeds_matter_only_where_tokens_are_sampled(bundle: MelodyBundle) -> None:
    for sampling in KINDS:
        wanted = plan(bundle, sampling)
        pieces = compose(bundle, [Request(str(s), "a", seed=s, steps=wanted.steps, inputs=wanted) for s in (1, 2)], 2)
        is_sampled = sampling.top_k != 1 and sampling.beam_width == 1
        assert (pieces["1"].tobytes() != pieces["2"].tobytes()) == is_sampled


@pytest.mark.parametrize("sampling", [
    SamplingParams(top_k=1), SamplingParams(top_k=2, temperature=0.3), SamplingParams(beam_width=3),
])  # fmt: skip
@pytest.mark.parametrize("has_ending", [False, True])
def test_no_ngram_of_a_part_occurs_twice(bundle: MelodyBundle, sampling: SamplingParams, *, has_ending: bool) -> None:
    if has_ending and sampling.beam_width > 1:
        return
    hold = np.arange(bundle.manifest.graphs["melody"].vocabularies[0].size) == 3
    has_holds = bundle.manifest.encoding == 1

    def repeats(size: int, limit: int) -> int:
        wanted = plan(bundle, replace(sampling, no_repeat_ngram=limit), has_ending=has_ending)
        onsets = {"onset_tokens": ~hold} if has_holds else {}
        wanted = Plan(tuple(replace(part, **onsets) for part in wanted.parts))
        [events] = compose(bundle, [Request("a", "a", seed=4, steps=wanted.steps, inputs=wanted)], rows=4).values()
        count = 0
        for part in (0, 1):
            tokens = events[events[:, 0] == part][:, 1].astype(int)
            tokens = tokens[tokens != 3] if has_holds else tokens
            ngrams = [tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1)]
            count += len(ngrams) - len(set(ngrams))
        return count

    assert repeats(2, 0) > 0
    assert repeats(3, 3) == 0
    assert repeats(2, 2) == 0


def test_a_piece_has_both_parts_starts_with_the_prompt_and_ends_in_time(bundle: MelodyBundle) -> None:
    for number, events in compose(bundle, requested(bundle, 14), rows=14).items():
        length, prompt = STEPS - int(number) % 5, int(number) % 3
        assert set(events[:, 0].tolist()) == {0.0, 1.0}
        assert (np.diff(events[:, 0]) >= 0).all()
        assert (events[:prompt, 1:] == 3).all()
        assert (events[prompt:, 1:] >= 2).all(), "a special token"
        for part in (0, 1):
            tokens = events[events[:, 0] == part][:, 1:].astype(int)
            if tokens.shape[1] == 1:
                assert len(tokens) == length
            else:
                assert DURATIONS[tokens[:, 1]].sum() >= length * 6 or len(tokens) == length
                assert DURATIONS[tokens[:, 1]][:-1].sum() < length * 6


@pytest.mark.parametrize("width", [1, 3])
def test_bar_lag_features_are_earlier_tokens_of_the_piece(tmp_path: Path, width: int) -> None:
    bundle = melody_bundle(tmp_path, encoding=1)
    graph = bundle.manifest.graphs["melody"]
    features = [info.column for info in graph.conditions]
    assert features[0].name == "echo"
    steps = 2 * STEPS
    table = conditioning_table(features, Form(steps))
    wanted = plan(bundle, SamplingParams(beam_width=width, top_k=1), steps=steps)
    part = replace(wanted.parts[0], conditioning=lambda _: table)
    [events] = compose(bundle, [Request("a", "a", seed=1, steps=steps, inputs=Plan((part,)))], rows=2).values()
    composed = events[:, 1].astype(np.int64)
    # With the same conditioning, every token of a greedy piece is the most likely one; of a beam search, one of the
    # most likely.
    network = StepNetwork(bundle.graph("melody", "fp32"), graph, max_sequences=2)
    network.select(np.array([-1, -1]))
    conditioning = np.repeat(
        fill_bar_lag_tokens(table, (0,), composed[None], np.zeros(steps, np.int64))[:, None], 2, axis=1
    )
    assert (conditioning[16:, 0, 0] == composed[:-16]).all()
    before = 0
    for step, token in enumerate(composed.tolist()):
        logits = network.step(np.array([[before], [before]]), conditioning[step])[0]
        rank = (np.where(part.allowed, logits, -np.inf) > logits[token]).sum()
        assert rank < 2 * width if width > 1 else rank == 0
        before = token


def test_a_beam_search_streams_settled_tokens_before_its_end(bundle: MelodyBundle) -> None:
    wanted = plan(bundle, SamplingParams(beam_width=3), prompt=2)
    scheduler = Scheduler(session(bundle, 2), max_steps=2 * STEPS, chunk_steps=(1, 1))
    scheduler.submit(Request("a", "a", seed=1, steps=wanted.steps, inputs=wanted))
    scheduler.watch("a")
    received: list[Array] = []
    whole = np.zeros((0, 0), np.float32)
    while not scheduler.idle:
        for update in scheduler.step():
            if isinstance(update, Advanced):
                received.append(update.events[~np.isnan(update.events[:, 0])])
            elif isinstance(update, Finished):
                whole = update.events
    before_the_end = np.concatenate(received)
    assert whole[: len(before_the_end)].tolist() == before_the_end.tolist()
    assert len(before_the_end) > len(whole) / 3
    assert len(received[0]) + len(received[1]) == 2, "the prompt is settled at once"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 13), st.sampled_from(["join", "step", "cancel"])), min_size=5, max_size=40
    )
)  # fmt: skip
def test_joining_and_cancelling_changes_no_other_piece(
    bundle: MelodyBundle, small_session: TokenSession, actions: list[tuple[int, str]]
) -> None:
    scheduler = Scheduler(small_session, max_steps=2 * STEPS, chunk_steps=(1, 3))
    requests = requested(bundle, 14)
    open_pieces: set[str] = set()

    def take(updates: list[Any]) -> None:
        for update in updates:
            if isinstance(update, Finished | Cancelled):
                open_pieces.discard(update.id)
                whole = alone(bundle, int(update.id.split("-")[0]))
                if isinstance(update, Finished):
                    assert update.events.tobytes() == whole
                elif not has_search(int(update.id.split("-")[0])):
                    assert whole.startswith(update.events.tobytes())

    for turn, (number, action) in enumerate(actions):
        if action == "join":
            request = requests[number]
            scheduler.submit(Request(f"{number}-{turn}", "a", request.seed, request.steps, request.inputs))
            open_pieces.add(f"{number}-{turn}")
        elif action == "cancel" and open_pieces:
            take(scheduler.cancel(sorted(open_pieces)[number % len(open_pieces)]))
        take(scheduler.step())
        scheduler.check_integrity()
    while not scheduler.idle:
        take(scheduler.step())
    assert not open_pieces


def test_narrow_batches_are_padded_if_results_differ(bundle: MelodyBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = bundle.manifest.graphs["melody"]
    network = StepNetwork(bundle.graph("melody", "fp32"), graph, max_sequences=8)
    step = network.step

    def uneven(tokens: Tokens, conditioning: Tokens | None) -> Array:
        logits = step(tokens, conditioning)
        return logits + np.float32(1e-6) * (len(network._logits) < 3)

    monkeypatch.setattr(network, "step", uneven)
    network.warm_up()
    network.select(np.array([-1]))
    assert len(network._logits) == 3


def test_a_graph_whose_rows_depend_on_each_other_is_rejected(bundle: MelodyBundle) -> None:
    model = onnx.load_from_string(bundle.graph("melody", "fp32"))
    last = next(node for node in model.graph.node if node.output[0] == "logits")
    last.output[0] = "plain"
    # Like a quantisation scale computed over the batch: every row depends on the largest value of all rows.
    model.graph.node.append(onnx.helper.make_node("ReduceMax", ["plain"], ["largest"], axes=[0], keepdims=1))
    model.graph.node.append(onnx.helper.make_node("Add", ["plain", "largest"], ["logits"]))
    network = StepNetwork(model.SerializeToString(), bundle.manifest.graphs["melody"], max_sequences=8)
    with pytest.raises(ValueError, match="depend on each other"):
        network.warm_up()
