"""Bytes of audio an hour for principals and networks."""

import pytest
from euterpe_converter.domain.limits import BudgetLimits
from euterpe_converter.domain.requester import Requester, UserClass
from euterpe_converter.errors import RenderBudgetReached
from euterpe_converter.rendering.budget import RenderBudget

LIMITS = {UserClass.REGISTERED: 3600, UserClass.GUEST: 720, UserClass.ANONYMOUS: 360}


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
def budget(now: list[float]) -> RenderBudget:
    return RenderBudget(BudgetLimits(LIMITS, per_network=5000), clock=lambda: now[0])


def test_a_spent_budget_refuses_renders_until_it_has_recovered(budget, now):
    anonymous = Requester(network="192.0.2.0/24")
    budget.check(anonymous)
    budget.charge(anonymous, 400)
    with pytest.raises(RenderBudgetReached) as refused:
        budget.check(anonymous)
    # 41 bytes at 360 bytes an hour.
    assert refused.value.retry_after_seconds == 410
    now[0] += 410
    budget.check(anonymous)


def test_the_classes_have_budgets_of_their_own(budget):
    guest, anna = Requester("g", is_guest=True, network="a"), Requester("anna", network="a")
    budget.charge(guest, 720)
    with pytest.raises(RenderBudgetReached):
        budget.check(guest)
    budget.check(Requester("other", is_guest=True, network="a"))
    budget.charge(anna, 3000)
    budget.check(anna)


def test_the_users_of_a_network_share_a_budget(budget):
    for name in ("anna", "ben"):
        budget.charge(Requester(name, network="a"), 2500)
    with pytest.raises(RenderBudgetReached, match="5000 bytes"):
        budget.check(Requester("clara", network="a"))
    budget.check(Requester("clara", network="b"))
