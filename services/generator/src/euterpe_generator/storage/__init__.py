"""The rows behind generations; the only home of SQL."""
