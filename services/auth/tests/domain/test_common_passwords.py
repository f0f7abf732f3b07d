"""The list of passwords that everybody tries first."""

import pytest
from euterpe_auth.domain.common_passwords import _common_passwords, is_common


def test_there_are_3000_of_them_and_all_are_long_enough_to_be_tried() -> None:
    assert len(_common_passwords()) == 3000
    assert all(8 <= len(password) <= 128 and password == password.casefold() for password in _common_passwords())


@pytest.mark.parametrize(
    ("password", "common"),
    [("password", True), ("PassWord", True), ("iloveyou", True), ("1qaz2wsx", True), ("op. 7, in A minor", False)],
)
def test_case_does_not_help(password: str, common: bool) -> None:
    assert is_common(password) is common


def test_the_licence_of_the_list_is_no_password() -> None:
    assert not is_common("# MIT License")
