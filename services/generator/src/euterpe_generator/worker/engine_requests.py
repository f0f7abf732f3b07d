"""From a claimed row to the engine's request, with the reason if the row cannot be composed."""

from euterpe_generator.domain.generation import Generation
from euterpe_generator.engine.request import Request
from euterpe_generator.models.catalogue import Catalogue


class Uncomposable(ValueError):
    """A row that this version cannot compose. The message is for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This version of Euterpe cannot compose this request: {reason}. Request it again.")


def build_request(catalogue: Catalogue, generation: Generation, attempt_id: str) -> Request:
    """Build the request for a generation whose model is in memory.

    Raises Uncomposable for a row of another version: an unreadable prompt, a parameter that the model does not have.
    """
    if generation.unreadable is not None:
        raise Uncomposable(generation.unreadable)
    model = catalogue.resolve(generation.model_key)
    known = {parameter.name for parameter in model.sampling.parameters}
    if unknown := sorted(set(generation.parameters) - known):
        raise Uncomposable(f"{generation.model_key} has no parameter {', '.join(unknown)}")
    try:
        return catalogue.engine_request(generation, attempt_id)
    except Exception as error:
        raise Uncomposable(f"{generation.model_key} rejects its prompt or parameters") from error
