"""The range of seeds."""

from typing import Final

#: The largest seed. JavaScript's numbers are doubles, which are exact up to this integer.
MAX_SEED: Final = 2**53 - 1
