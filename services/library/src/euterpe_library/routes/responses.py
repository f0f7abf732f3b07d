"""Responses that are serialised once, because listings are the library's most frequent response."""

from fastapi import Response
from pydantic import BaseModel


def json_response(model: BaseModel) -> Response:
    """Serialise the model. FastAPI would validate it again, which takes longer than the query."""
    return Response(model.model_dump_json(), media_type="application/json")
