"""The public HTTP API: one document of all services, and what a change of it may break."""
