"""The public HTTP API: the merged OpenAPI document, breaking changes, and the Python client."""
