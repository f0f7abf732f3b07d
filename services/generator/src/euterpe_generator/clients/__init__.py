"""Peers and the object store."""
