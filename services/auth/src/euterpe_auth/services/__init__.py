"""Use cases; no FastAPI here."""
