"""Sealed successors of refresh tokens."""

import pytest
from cryptography.fernet import InvalidToken
from euterpe_auth.domain.refresh_tokens import digest, new_refresh_token, seal, unseal


def test_only_the_predecessor_can_unseal_its_successor() -> None:
    token, successor = new_refresh_token(), new_refresh_token()
    sealed = seal(successor, token=token)
    assert unseal(sealed, token=token) == successor
    for other in (new_refresh_token(), successor, digest(token).hex()):
        with pytest.raises(InvalidToken):
            unseal(sealed, token=other)
