"""A generation under this worker's lease."""

from dataclasses import dataclass

from euterpe_generator.domain.generation import Generation


@dataclass(slots=True)
class Held:
    """What the worker knows of a generation that it claimed."""

    generation: Generation
    claimed_at: float
    steps: int = 0
    cancelling: bool = False
    keep_partial: bool = False
    watched_elsewhere: bool = False
    published: int = 0
    ended: Generation | None = None

    @property
    def ticket(self) -> str:
        """Names this attempt at the generation inside the process; another attempt has another."""
        return f"{self.generation.id}/{self.generation.attempt}"

    @property
    def model(self) -> str:
        """The model's key in the catalogue."""
        return f"{self.generation.model}@{self.generation.model_version}"
