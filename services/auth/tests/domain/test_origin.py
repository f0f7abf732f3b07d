"""Origins of requests."""

import pytest
from euterpe_auth.domain.origin import Origin


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert Origin.of(address, "").network == network


def test_the_user_agent_is_truncated_and_cleaned() -> None:
    assert Origin.of("", "a\0b\nc\u202e" + "x" * 1000).user_agent == "abc" + "x" * 253
