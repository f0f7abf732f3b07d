import pytest
import torch
from euterpe_training.crnngan.models.crnngan import Discriminator, Generator, discrimination_loss
from euterpe_training.crnngan.models.parallel_lstm import run_lstm
from torch import nn


def generator(layers: int = 2) -> Generator:
    torch.manual_seed(1)
    return Generator(features=7, noise=8, hidden=12, layers=layers, init_scale=0.3)


def test_the_networks_have_linear_and_lstm_layers_only() -> None:
    networks = (Generator(4, 8, 6, 2, 0.1, slow_ticks=2), Discriminator(4, 6, 2, 0.5, 0.1))
    kinds = {type(module) for network in networks for module in network.modules()}
    assert kinds - {Generator, Discriminator} == {nn.Linear, nn.LSTM, nn.Dropout}


def test_free_running_equals_teacher_forcing_on_its_own_outputs() -> None:
    g = generator()
    noise, first = torch.rand(10, 3, 8), torch.rand(3, 7)
    events, last, _ = g.generate(noise, first)
    forced, _ = g(noise, torch.cat([first[None], events[:-1]]))
    assert torch.allclose(events, forced, atol=1e-6)
    assert torch.equal(last, events[-1])


def test_the_events_depend_on_the_noise() -> None:
    g = generator()
    first = torch.rand(1, 7)
    one, other = (g.generate(torch.rand(5, 1, 8), first)[0] for _ in range(2))
    assert not torch.allclose(one, other)


@pytest.mark.parametrize("options", [{}, {"unidirectional": True}, {"end_classification": True}, {"minibatch": True}])
def test_the_discriminator_returns_a_probability_per_song(options: dict[str, bool]) -> None:
    d = Discriminator(4, 6, 2, keep_prob=0.5, init_scale=0.3, **options)
    share, features = d(torch.rand(9, 5, 4))
    assert share.shape == (5,)
    assert ((share > 0) & (share < 1)).all()
    assert features.shape == (9, 5, 6 if options.get("unidirectional") else 12)


def test_end_classification_uses_the_first_and_the_last_step_only() -> None:
    d = Discriminator(4, 6, 1, 1.0, 0.3, unidirectional=True, end_classification=True).eval()
    events = torch.rand(9, 2, 4)
    share, features = d(events)
    steps = torch.sigmoid(d.output(features))[..., 0]
    assert torch.allclose(share, (steps[0] + steps[-1]) / 2)


def test_keep_prob_one_drops_nothing() -> None:
    d = Discriminator(4, 6, 1, 1.0, 0.3).train()
    events = torch.rand(9, 2, 4)
    assert torch.equal(d(events)[0], d(events)[0])


def test_minibatch_discrimination_detects_a_collapsed_batch() -> None:
    torch.manual_seed(0)
    d = Discriminator(4, 6, 1, 1.0, 0.3, minibatch=True)
    assert d.minibatch is not None
    same, varied = torch.rand(1, 12).repeat(8, 1), torch.rand(8, 12) * 5
    assert d.minibatch(same).mean() > d.minibatch(varied).mean()


def test_the_loss_is_least_when_the_discriminator_is_right() -> None:
    right = discrimination_loss(torch.tensor([0.99]), torch.tensor([0.01]))
    unsure = discrimination_loss(torch.tensor([0.5]), torch.tensor([0.5]))
    assert right < unsure
    assert unsure == pytest.approx(2 * torch.log(torch.tensor(2.0)).item(), rel=1e-5)


@pytest.mark.parametrize(("layers", "feed_previous"), [(2, True), (1, True), (3, False)])
def test_rollout_equals_generate_with_the_same_gradients(layers: int, feed_previous: bool) -> None:
    torch.manual_seed(3)
    g = Generator(4, 8, 7, layers, 0.6, feed_previous).double()
    noise, first, wanted = torch.rand(9, 5, 8).double(), torch.rand(5, 4).double(), torch.rand(9, 5, 4).double()
    slow, fast = g.generate(noise, first)[0], g.rollout(noise, first)
    assert torch.allclose(slow, fast, atol=1e-12)
    found = [torch.autograd.grad(((events - wanted) ** 3).sum(), list(g.parameters())) for events in (slow, fast)]
    for name, one, other in zip(dict(g.named_parameters()), *found, strict=True):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-12), name


@pytest.mark.parametrize(("layers", "width"), [(1, 4), (2, 3), (3, 5)])
def test_the_parallel_lstm_equals_pytorchs_with_the_same_gradients(layers: int, width: int) -> None:
    torch.manual_seed(3)
    lstm = nn.LSTM(width, 7, layers, bidirectional=True).double()
    events = torch.rand(9, 5, width).double().requires_grad_()
    wanted, leaves = torch.rand(9, 5, 14).double(), [events, *lstm.parameters()]
    plain = run_lstm(lstm, events)
    torch.set_num_threads(2)
    both = run_lstm(lstm, events)
    assert torch.get_num_threads() == 2
    assert torch.allclose(plain, both, atol=1e-12)
    for _ in range(2):
        found = [torch.autograd.grad(((y - wanted) ** 3).sum(), leaves, retain_graph=True) for y in (plain, both)]
        for one, other in zip(*found, strict=True):
            assert torch.allclose(one, other, rtol=1e-9, atol=1e-12)


def test_a_direction_that_fails_leaves_the_threads_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no memory")

    lstm = nn.LSTM(4, 7, bidirectional=True)
    torch.set_num_threads(2)
    with pytest.raises(RuntimeError, match="size"):
        run_lstm(lstm, torch.rand(9, 5, 3))
    monkeypatch.setattr(torch, "lstm", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        run_lstm(lstm, torch.rand(9, 5, 4))
    assert torch.get_num_threads() == 2
