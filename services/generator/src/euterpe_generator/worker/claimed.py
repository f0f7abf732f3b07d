"""A generation under this worker's lease."""

from dataclasses import dataclass

from euterpe_generator.domain.generation import Generation


@dataclass(slots=True)
class ClaimedGeneration:
    """One attempt at a generation by this worker."""

    generation: Generation
    claimed_at: float
    steps: int = 0
    is_cancelling: bool = False
    keep_partial: bool = False
    #: Whether clients of other processes watch it, and how many events are published for them.
    is_watched_elsewhere: bool = False
    published_events: int = 0
    ended: Generation | None = None

    @property
    def attempt_id(self) -> str:
        """Identifies this attempt in the engine; a retry of the generation has another id."""
        return f"{self.generation.id}/{self.generation.attempt}"

    @property
    def model_key(self) -> str:
        """The model's key in the catalogue."""
        return self.generation.model_key
