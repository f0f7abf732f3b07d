import json
import math
from typing import Any

import pytest
from euterpe_music.manifest import IntRange, Sampling
from euterpe_music.parameters import Parameter, ParameterError, check_parameters
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

STRATEGY = Parameter(name="strategy", label="Strategy", kind="choice", choices=("greedy", "top_k"), default="greedy")
TOP_K = Parameter(
    name="top_k", label="k", kind="int", minimum=1, maximum=50, default=10, only_with={"strategy": ("top_k",)}
)
FINE = Parameter(
    name="fine", label="Fine", kind="number", minimum=0.5, maximum=2, default=1, only_with={"top_k": (10, 20)}
)
LOUD = Parameter(name="loud", label="Loud", kind="boolean", default=False, excludes=("soft",))
SOFT = Parameter(name="soft", label="Soft", kind="boolean", default=False)
ALL = (STRATEGY, TOP_K, FINE, LOUD, SOFT)


def problem(**given: Any) -> ParameterError:
    with pytest.raises(ParameterError) as caught:
        check_parameters(given, ALL)
    return caught.value


def test_what_is_not_set_has_its_default_where_it_means_something() -> None:
    assert check_parameters({}, ALL) == {"strategy": "greedy", "loud": False, "soft": False}
    chosen = check_parameters({"strategy": "top_k"}, ALL)
    assert chosen == {"strategy": "top_k", "top_k": 10, "fine": 1.0, "loud": False, "soft": False}


@pytest.mark.parametrize(
    ("value", "limit"),
    [(0, "between 1 and 50"), (51, "between 1 and 50"), (2.5, "whole"), ("7", "whole"), (True, "whole"),
     (math.nan, "whole"), (math.inf, "whole"), (None, "whole"), ([1], "whole"), (10**400, "")],
)  # fmt: skip
def test_a_number_outside_its_range_is_refused_with_the_range(value: Any, limit: str) -> None:
    error = problem(strategy="top_k", top_k=value)
    assert error.name == "top_k"
    assert limit in str(error)
    assert error.limits == {"minimum": 1, "maximum": 50}


def test_what_is_none_of_the_choices_is_refused_with_them() -> None:
    assert "greedy, top_k" in str(problem(strategy="best"))
    assert "true or false" in str(problem(loud=1))


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    error = problem(speed=3)
    assert error.name == "speed"
    assert "top_k" in str(error)


def test_what_excludes_each_other_is_named() -> None:
    assert "soft" in str(problem(loud=True, soft=True))


def test_what_means_nothing_is_refused_with_what_it_needs() -> None:
    error = problem(top_k=5)
    assert str(error) == "can be set only where strategy is top_k; it is greedy"
    assert problem(fine=1.5).name == "fine"
    assert "top_k is 10 or 20" in str(problem(strategy="top_k", top_k=7, fine=1.5))


@given(st.dictionaries(st.sampled_from([one.name for one in ALL]), st.booleans() | st.integers() | st.floats()))
def test_what_was_checked_once_passes_again_unchanged(given: dict[str, Any]) -> None:
    try:
        values = check_parameters(given, ALL)
    except ParameterError:
        return
    assert check_parameters(json.loads(json.dumps(values)), ALL) == values


@pytest.mark.parametrize(
    "changes",
    [{"minimum": None}, {"choices": ("a",)}, {"default": 51}, {"default": math.nan}, {"post": True},
     {"kind": "choice"}, {"kind": "boolean"}, {"name": "Top K"}],
)  # fmt: skip
def test_a_parameter_that_contradicts_itself_is_no_parameter(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Parameter.model_validate(TOP_K.model_dump() | changes)


@pytest.mark.parametrize(
    "changes",
    [{"parameters": (TOP_K,)}, {"parameters": (SOFT, SOFT)}, {"presets": {"loud": {"volume": 3}}}],
)
def test_parameters_that_contradict_each_other_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Sampling(length=IntRange(min=1, default=2, max=3), **changes)
