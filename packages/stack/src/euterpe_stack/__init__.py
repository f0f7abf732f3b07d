"""Euterpe on one machine: PostgreSQL, S3, the services and the gateway as plain processes."""
