"""The list of common passwords."""

import pytest
from euterpe_auth.domain.common_passwords import _common_passwords, is_common


def test_the_list_has_3000_passwords_of_valid_length() -> None:
    assert len(_common_passwords()) == 3000
    assert all(8 <= len(password) <= 128 and password == password.casefold() for password in _common_passwords())


@pytest.mark.parametrize(
    ("password", "common"),
    [("password", True), ("PassWord", True), ("iloveyou", True), ("1qaz2wsx", True), ("op. 7, in A minor", False)],
)
def test_case_is_ignored(password: str, common: bool) -> None:
    assert is_common(password) is common


def test_comment_lines_are_not_passwords() -> None:
    assert not is_common("# MIT License")


@pytest.mark.parametrize("password", ["qwertyuiop", "1234567890", "Qwerty123456", "iloveyou12345"])
def test_long_passwords_of_breaches_are_refused(password: str) -> None:
    assert is_common(password)
