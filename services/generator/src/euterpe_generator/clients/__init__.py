"""Clients of peers and of the object store."""
