"""Answers that are written once: listings are the library's most frequent answer."""

from fastapi import Response
from pydantic import BaseModel


def json_answer(model: BaseModel) -> Response:
    """The model as JSON. FastAPI would validate it again, which takes longer than finding it did."""
    return Response(model.model_dump_json(), media_type="application/json")
