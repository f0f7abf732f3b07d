"""How long data is kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class RetentionOptions:
    """How long anonymous users' pieces are kept, the interval of the sweep, and the age at which objects are swept."""

    anonymous_lifetime: timedelta
    sweep_interval: timedelta
    orphan_grace: timedelta
