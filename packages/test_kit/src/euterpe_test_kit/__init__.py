"""Shared pytest fixtures: real PostgreSQL, real S3, real tokens."""
