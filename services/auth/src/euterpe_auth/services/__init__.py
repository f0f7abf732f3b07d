"""Use cases; independent of FastAPI."""
