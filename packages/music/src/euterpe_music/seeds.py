"""Seeds of generations."""

from typing import Final

#: The largest seed. Integers up to this one are exact in JSON and JavaScript, whose numbers are doubles.
MAX_SEED: Final = 2**53 - 1
